// How busy the machine's cores are while the tests run, so that one sees what waits for what.
import { cpus } from 'node:os';

const SAMPLE_MS = 1_000;
/** A core that idles less than a tenth of a second is busy all of it. */
const BUSY_SHARE = 0.9;

interface Ticks {
  busy: number;
  all: number;
}

const ticks = (): Ticks[] =>
  cpus().map(({ times: { user, nice, sys, idle, irq } }) => ({
    busy: user + nice + sys + irq,
    all: user + nice + sys + irq + idle,
  }));

export interface Busyness {
  /** The share of the time in which every core was busy, from 0 to 1. */
  all: number;
  /** The mean share of a core's time that was used. */
  mean: number;
}

/** Samples every second until `end` is called. */
export const watchCores = (): { end(): Busyness } => {
  let last = ticks();
  let samples = 0;
  let full = 0;
  let sum = 0;
  const sample = (): void => {
    const now = ticks();
    const shares = now.map(({ busy, all }, at) => {
      const before = last[at] ?? { busy: 0, all: 0 };
      return (busy - before.busy) / Math.max(1, all - before.all);
    });
    last = now;
    samples++;
    sum += shares.reduce((total, share) => total + share, 0) / shares.length;
    if (shares.every((share) => share >= BUSY_SHARE)) full++;
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    end: () => {
      clearInterval(timer);
      sample();
      return { all: full / samples, mean: sum / samples };
    },
  };
};
