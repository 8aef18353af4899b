// The CPU of every process of an instance, read around work that is done so many times.
import type { Instance } from '../ops/instance.ts';
import { runningOf } from '../ops/supervise.ts';
import { cpuNanosOf, familyOf } from './method.ts';

const IN_FLIGHT = 8;
/** What a shop takes that nobody visits is measured first, and taken off. */
const IDLE_MS = 10_000;

/** Stores are not ours to make cheaper, and still have to be paid for. */
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
  'kafka',
  'cassandra',
  'temporal',
] as const;

/** Microseconds of each process of `WATCHED` since it was started; over minutes ticks are exact. */
export const cpuMicros = (instance: Instance): number[] =>
  WATCHED.map((name) => {
    const pid = runningOf(instance, name)?.pid;
    return pid ? familyOf(pid).reduce((sum, one) => sum + cpuNanosOf(one, true), 0) / 1_000 : 0;
  });

/** Runs `work` so often, eight at a time. */
export const repeat = async (count: number, work: () => Promise<unknown>): Promise<void> => {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
};

/** Microseconds of CPU a second of each process while nothing is asked of it. */
export const idleRates = async (instance: Instance): Promise<number[]> => {
  const before = cpuMicros(instance);
  await Bun.sleep(IDLE_MS);
  return cpuMicros(instance).map((micros, at) => (micros - (before[at] ?? 0)) / (IDLE_MS / 1_000));
};
