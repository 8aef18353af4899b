// Gateways of a test's own: the real process beside the shop's, with settings of the test.
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { environmentOf } from '../../ops/environment.ts';
import { ROOT, testInstance } from '../../ops/instance.ts';
import type { Setting } from '../../processes/config.ts';
import { portAnswers } from '../../ops/supervise.ts';
import { eventually } from './journeys.ts';

/** Free offsets of an instance's ports (ops/ports.ts), for doors and operations ports. */
const FIRST_PORT = 30;
const PORTS = 10;
let taken = 0;

export interface Gateway {
  url: string;
  opsUrl: string;
  /** What it has logged so far. */
  log(): string;
  signal(what: NodeJS.Signals): void;
  exited: Promise<number>;
  end(): Promise<void>;
}

/** True when it is ready; a start that failed is told at once, with what it said. */
const isReady = async (url: string, child: Bun.Subprocess, log: () => string) => {
  if (child.exitCode !== null) throw new Error(`a gateway ended while starting: ${log()}`);
  return fetch(`${url}/ready`).then(
    ({ ok }) => ok || undefined,
    () => undefined,
  );
};

/** Starts one and waits until it is ready; `port` makes it share another one's door. */
export const startGateway = async (
  settings: Partial<Record<Setting, string>>,
  port?: number,
): Promise<Gateway> => {
  const instance = testInstance();
  const own = instance.portBase + FIRST_PORT + (taken++ % (PORTS / 2)) * 2;
  const door = port ?? own;
  if (await portAnswers(own + 1)) throw new Error(`port ${own + 1} is still taken`);
  const logFile = resolve(mkdtempSync(resolve(tmpdir(), 'holdfast-gateway-')), 'log');
  const log = openSync(logFile, 'a');
  const child = Bun.spawn([process.execPath, resolve(ROOT, 'processes', 'gateway.ts')], {
    cwd: ROOT,
    env: {
      ...environmentOf(instance, 'gateway'),
      ...settings,
      HOLDFAST_PORT: String(door),
      HOLDFAST_OPS_PORT: String(own + 1),
    },
    stdio: ['ignore', log, log],
  });
  // Whatever becomes of the test, no gateway outlives it.
  process.on('exit', () => child.kill('SIGKILL'));
  const opsUrl = `http://127.0.0.1:${own + 1}`;
  const said = () => readFileSync(logFile, 'utf8');
  await eventually(`a gateway on ${door} is ready`, () => isReady(opsUrl, child, said));
  return {
    url: `http://127.0.0.1:${door}`,
    opsUrl,
    log: said,
    signal: (what) => child.kill(what),
    exited: child.exited,
    end: async () => {
      child.kill('SIGTERM');
      await child.exited;
    },
  };
};

/** Runs `work` against a gateway with these limits, then ends it. */
export const withGateway = async (
  settings: Partial<Record<Setting, string>>,
  work: (gateway: Gateway) => Promise<void>,
): Promise<void> => {
  const gateway = await startGateway(settings);
  try {
    await work(gateway);
  } finally {
    await gateway.end();
  }
};
