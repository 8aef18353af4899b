// Reads the CPU of every process of an instance around repeated work.
import type { Instance } from '../ops/instance.ts';
import { runningOf } from '../ops/supervise.ts';
import { cpuNanosOf, familyOf } from './method.ts';

const IN_FLIGHT = 8;
/** Idle time measured first, to subtract the idle load. */
const IDLE_MS = 10_000;

/** The measured processes; stores count too, because they have to be paid for. */
export const WATCHED = [
  'gateway',
  'products',
  'search',
  'inventory',
  'orders',
  'worker',
  'relay',
  'projector',
  'postgres',
  'redis',
  'redis-limits',
  'redis-carts',
  'kafka',
  'cassandra',
  'temporal',
] as const;

/**
 * Microseconds of each process of `WATCHED` since its start; over minutes, ticks are exact enough.
 */
export const cpuMicros = (instance: Instance): number[] =>
  WATCHED.map((name) => {
    const pid = runningOf(instance, name)?.pid;
    return pid ? familyOf(pid).reduce((sum, one) => sum + cpuNanosOf(one, true), 0) / 1_000 : 0;
  });

/** Runs `work` this many times, eight concurrently. */
export const repeat = async (count: number, work: () => Promise<unknown>): Promise<void> => {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
};

/** Microseconds of CPU per second of each process while idle. */
export const idleRates = async (instance: Instance): Promise<number[]> => {
  const before = cpuMicros(instance);
  await Bun.sleep(IDLE_MS);
  return cpuMicros(instance).map((micros, at) => (micros - (before[at] ?? 0)) / (IDLE_MS / 1_000));
};
