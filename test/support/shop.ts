// Starts the tests' own shop once, by the code of ./holdfast, on real servers.
import postgres from 'postgres';
import { publicEnvironment } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import type { ProcessName } from '../../ops/processes.ts';
import type { ServerName } from '../../ops/servers/server.ts';
import { statusOf } from '../../ops/status.ts';
import { end, signal, until } from '../../ops/supervise.ts';
import { bringUp, copyName, SERVERS, startProcess, startServer } from '../../ops/up.ts';

/** The first test that needs the shop waits for all of it; cold servers may have to be built. */
export const UP_LIMIT_MS = 15 * 60_000;

const READY_LIMIT_MS = 60_000;

/** Short durations, as inputs: no test needs time travel. */
const PACE = {
  HOLDFAST_CARRIER_SHIP_MS: '300',
  HOLDFAST_CARRIER_DELIVER_MS: '900',
  HOLDFAST_CARRIER_POLL_MS: '200',
  HOLDFAST_SWEEP_EVERY_MS: '1000',
  HOLDFAST_SWEEP_AFTER_MS: '1000',
  HOLDFAST_RECONCILE_EVERY_MS: '3000',
  HOLDFAST_RECONCILE_AFTER_MS: '1000',
  HOLDFAST_LOG_LEVEL: 'info',
};

export type Sql = ReturnType<typeof postgres>;

export interface Shop {
  env: Record<string, string>;
  /** A superuser's connection, to read all schemas. */
  sql: Sql;
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

const open = async (): Promise<Shop> => {
  Object.assign(process.env, PACE);
  const instance = testInstance();
  await bringUp(instance, (line) => process.stderr.write(`# ${line}\n`));
  const env = await publicEnvironment(instance);
  const serverOf = (name: string) => SERVERS.find((server) => server.name === name);
  const start = (name: ProcessName | ServerName): Promise<void> => {
    const server = serverOf(name);
    return server
      ? startServer(instance, server, quiet)
      : startProcess(instance, name as ProcessName, 1, quiet);
  };
  return {
    env,
    sql: postgres(env['POSTGRES_URL'] ?? '', { max: 2, onnotice: quiet }),
    kill: async (name) => {
      await end(instance, name, 'SIGKILL');
    },
    freeze: (name, what) => signal(instance, name, what),
    stop: async (name) => {
      await end(instance, name);
    },
    start,
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

let opened: Promise<Shop> | undefined;

/** The shop, up and ready; the same one for every file of a run. */
export const shop = (): Promise<Shop> => (opened ??= open());

/** Restarts the process with the setting, runs `work`, and restarts it without. */
export const withSetting = async <T>(
  shop: Shop,
  name: ProcessName,
  [setting, value]: readonly [string, string],
  work: () => Promise<T>,
): Promise<T> => {
  const before = process.env[setting];
  process.env[setting] = value;
  try {
    await shop.start(name);
    return await work();
  } finally {
    if (before === undefined) delete process.env[setting];
    else process.env[setting] = before;
    await shop.start(name);
  }
};
