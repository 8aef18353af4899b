// Starts real processes beside the shop's, with settings of a test.
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { environmentOf } from '../../ops/environment.ts';
import { ROOT, testInstance } from '../../ops/instance.ts';
import { specOf, type ProcessName } from '../../ops/processes.ts';
import { portAnswers } from '../../ops/supervise.ts';
import { AT_ONCE } from '../../ops/tests/groups.ts';
import type { Setting } from '../../processes/config.ts';
import { eventually } from './journeys.ts';

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);
/** Offsets of an instance's ports that no process uses (ops/ports.ts). */
const FREE = range(28, 39).concat(range(52, 83));
/**
 * A worker of tests that run at the same time has ports of its own: one that another has chosen
 * answers only when its process listens.
 */
const worker = Number(process.env['BUN_TEST_WORKER_ID'] ?? 0);
const OWN = FREE.filter((_, at) => worker === 0 || at % AT_ONCE === worker % AT_ONCE);
let taken = 0;

const nextPort = async (): Promise<number> => {
  for (const _ of OWN) {
    const port = testInstance().portBase + (OWN[taken++ % OWN.length] ?? 0);
    if (!(await portAnswers(port))) return port;
  }
  throw new Error('every port for processes of tests is taken');
};

export interface Ports {
  port: number;
  ops: number;
  grpc: number;
}

export const newPorts = async (): Promise<Ports> => ({
  port: await nextPort(),
  ops: await nextPort(),
  grpc: await nextPort(),
});

export interface OwnProcess {
  url: string;
  opsUrl: string;
  /** Its log so far. */
  log(): string;
  signal(what: NodeJS.Signals): void;
  exited: Promise<number>;
  end(): Promise<void>;
}

/** True when it is ready; a failed start throws at once, with its log. */
const isReady = async (url: string, child: Bun.Subprocess, log: () => string) => {
  if (child.exitCode !== null) throw new Error(`a process ended while starting: ${log()}`);
  return fetch(`${url}/ready`).then(
    ({ ok }) => ok || undefined,
    () => undefined,
  );
};

const portsFor = (name: ProcessName, { port, ops, grpc }: Ports): Record<string, string> => ({
  HOLDFAST_OPS_PORT: String(ops),
  ...('port' in specOf(name) && { HOLDFAST_PORT: String(port) }),
  ...('grpcPort' in specOf(name) && { HOLDFAST_GRPC_PORT: String(grpc) }),
});

/** Starts one and waits until it is ready. */
export const startOwn = async (
  name: ProcessName,
  settings: Partial<Record<Setting, string>>,
  ports?: Ports,
): Promise<OwnProcess> => {
  const own = ports ?? (await newPorts());
  const logFile = resolve(mkdtempSync(resolve(tmpdir(), `holdfast-${name}-`)), 'log');
  const log = openSync(logFile, 'a');
  const child = Bun.spawn([process.execPath, resolve(ROOT, 'processes', `${name}.ts`)], {
    cwd: ROOT,
    env: { ...environmentOf(testInstance(), name), ...settings, ...portsFor(name, own) },
    stdio: ['ignore', log, log],
  });
  // Whatever becomes of the test, no process outlives it.
  process.on('exit', () => child.kill('SIGKILL'));
  const opsUrl = `http://127.0.0.1:${own.ops}`;
  const readLog = () => readFileSync(logFile, 'utf8');
  await eventually(`${name} of a test is ready`, () => isReady(opsUrl, child, readLog));
  return {
    url: `http://127.0.0.1:${own.port}`,
    opsUrl,
    log: readLog,
    signal: (what) => child.kill(what),
    exited: child.exited,
    end: async () => {
      child.kill('SIGTERM');
      await child.exited;
    },
  };
};
