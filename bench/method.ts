// Measures a path's CPU time per operation as a ratio to a raw baseline in the same run.
import { readdirSync, readFileSync } from 'node:fs';

const ROUNDS = 11;
const SLICE_OPERATIONS = 1_500;
const IN_FLIGHT = 16;
/** The run is void when two equal sides differ by more than this. */
const EVEN_MIN = 0.9;
const EVEN_MAX = 1.1;

/** The number of operations per round. */
export interface Plan {
  rounds?: number | undefined;
  /** Catalogue size, instead of the path's own. */
  products?: number | undefined;
  /** Open orders that wait during the measurement. */
  idle?: number | undefined;
  /** Operations of one slice, and how many run concurrently. */
  operations?: number;
  inFlight?: number;
}

export interface Side {
  /** Prepares a slice; not measured. */
  before?(): Promise<void>;
  /** Every process whose CPU time counts, the store included, the load generator excluded. */
  pids(): number[];
  operation(): Promise<unknown>;
}

export interface Figures {
  /** The baseline's CPU per operation divided by the candidate's: 1 is as cheap as the baseline. */
  ratio: { median: number; lower: number; upper: number };
  evenness: number;
  isVoid: boolean;
  cpuMicrosPerOperation: { baseline: number; candidate: number };
  operationsPerSecond: { baseline: number; candidate: number };
}

const TICK_NANOS = 10_000_000;

/** CPU of a whole process in ticks, ended threads included (proc(5), stat). */
const ticksOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
};

/** Exact CPU of the current threads (Linux, schedstat). */
const threadNanosOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const [onCpu = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return sum + Number(onCpu);
  }, 0);

/**
 * Nanoseconds of CPU of a process: exact for current threads, or in ticks with ended threads. A JVM
 * ends threads all the time, so it is always read in ticks.
 */
export const cpuNanosOf = (pid: number, inTicks = false): number => {
  try {
    const isJvm = readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'java';
    return inTicks || isJvm ? ticksOf(pid) * TICK_NANOS : threadNanosOf(pid);
  } catch {
    return 0;
  }
};

const childrenOf = (pid: number): number[] => {
  const path = `/proc/${pid}/task/${pid}/children`;
  const own = readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return [...own, ...own.flatMap(childrenOf)];
};

/** A process and all its descendants, such as a Postgres server with its backends. */
export const familyOf = (pid: number): number[] => [pid, ...childrenOf(pid)];

interface Slice {
  cpuMicros: number;
  perSecond: number;
}

const slice = async (side: Side, plan: Plan): Promise<Slice> => {
  const { pids, operation } = side;
  const { operations = SLICE_OPERATIONS, inFlight = IN_FLIGHT } = plan;
  await side.before?.();
  const before = pids().reduce((sum, pid) => sum + cpuNanosOf(pid), 0);
  const startedAt = performance.now();
  let left = operations;
  const work = async (): Promise<void> => {
    while (left-- > 0) await operation();
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = pids().reduce((sum, pid) => sum + cpuNanosOf(pid), 0);
  return {
    cpuMicros: (after - before) / 1000 / operations,
    perSecond: operations / seconds,
  };
};

export const quantile = (values: number[], at: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * at)] ?? Number.NaN;
};

/** Alternates slices of both sides; the first rounds compare the baseline with itself. */
export const compare = async (
  baseline: Side,
  candidate: Side,
  plan: Plan = {},
): Promise<Figures> => {
  await slice(baseline, plan);
  await slice(candidate, plan);
  const even: number[] = [];
  const ratios: number[] = [];
  const sides: { baseline: Slice[]; candidate: Slice[] } = { baseline: [], candidate: [] };
  for (let round = 0; round < (plan.rounds ?? ROUNDS); round++) {
    const first = await slice(baseline, plan);
    const measured = await slice(candidate, plan);
    const second = await slice(baseline, plan);
    even.push(first.cpuMicros / second.cpuMicros);
    ratios.push((first.cpuMicros + second.cpuMicros) / 2 / measured.cpuMicros);
    sides.baseline.push(first);
    sides.candidate.push(measured);
  }
  const evenness = quantile(even, 0.5);
  const median = (list: Slice[], field: keyof Slice): number =>
    quantile(
      list.map((one) => one[field]),
      0.5,
    );
  return {
    ratio: {
      median: quantile(ratios, 0.5),
      lower: quantile(ratios, 0.25),
      upper: quantile(ratios, 0.75),
    },
    evenness,
    isVoid: evenness < EVEN_MIN || evenness > EVEN_MAX,
    cpuMicrosPerOperation: {
      baseline: median(sides.baseline, 'cpuMicros'),
      candidate: median(sides.candidate, 'cpuMicros'),
    },
    operationsPerSecond: {
      baseline: median(sides.baseline, 'perSecond'),
      candidate: median(sides.candidate, 'perSecond'),
    },
  };
};
