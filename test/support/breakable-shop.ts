// The tests' shop for those that break it: they run one after another, with the shop to themselves.
import { testInstance } from '../../ops/instance.ts';
import type { ProcessName } from '../../ops/processes.ts';
import type { ServerName } from '../../ops/servers/server.ts';
import { statusOf } from '../../ops/status.ts';
import { end, signal, until } from '../../ops/supervise.ts';
import { bringUp, copyName, SERVERS, startProcess, startServer } from '../../ops/up.ts';
import { shop, type Shop } from './shop.ts';

const READY_LIMIT_MS = 60_000;

export interface BreakableShop extends Shop {
  kill(name: ProcessName | ServerName): Promise<void>;
  freeze(name: ProcessName | ServerName, what: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it as an operator does, with time to finish. */
  stop(name: ProcessName | ServerName): Promise<void>;
  /** Starts it again after an end or a kill. */
  start(name: ProcessName | ServerName): Promise<void>;
  /** Replaces the process by one of other sources, until `start`. */
  startFrom(root: string, name: ProcessName): Promise<void>;
  /** Waits until every process is ready. */
  allReady(): Promise<void>;
  startProcess(name: ProcessName, copy?: number): Promise<void>;
  /** Runs two of every process from now on, until `endSecondCopies`. */
  startSecondCopies(): Promise<void>;
  endSecondCopies(names: ProcessName[]): Promise<void>;
}

const quiet = (): void => undefined;

const breakable = (opened: Shop): BreakableShop => {
  const instance = testInstance();
  return {
    ...opened,
    kill: async (name) => {
      await end(instance, name, 'SIGKILL');
    },
    freeze: (name, what) => signal(instance, name, what),
    stop: async (name) => {
      await end(instance, name);
    },
    start: (name) => {
      const server = SERVERS.find((one) => one.name === name);
      return server
        ? startServer(instance, server, quiet)
        : startProcess(instance, name as ProcessName, 1, quiet);
    },
    startFrom: (root, name) => startProcess(instance, name, 1, quiet, root),
    allReady: async () => {
      const isReady = async (): Promise<boolean> =>
        (await statusOf(instance)).every(({ state }) => state === 'ready');
      if (!(await until(isReady, READY_LIMIT_MS))) throw new Error('not everything is ready');
    },
    startProcess: (name, copy = 1) => startProcess(instance, name, copy, quiet),
    startSecondCopies: () => bringUp(instance, quiet, { copies: 2 }),
    endSecondCopies: async (names) => {
      await Promise.all(names.map((name) => end(instance, copyName(name, 2))));
    },
  };
};

export const breakableShop = async (): Promise<BreakableShop> => breakable(await shop());

/** Restarts the process with the setting, runs `work`, and restarts it without. */
export const withSetting = async <T>(
  { start }: BreakableShop,
  name: ProcessName,
  [setting, value]: readonly [string, string],
  work: () => Promise<T>,
): Promise<T> => {
  const before = process.env[setting];
  process.env[setting] = value;
  try {
    await start(name);
    return await work();
  } finally {
    if (before === undefined) delete process.env[setting];
    else process.env[setting] = before;
    await start(name);
  }
};
