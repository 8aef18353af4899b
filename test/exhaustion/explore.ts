// Explores a workflow: every single fault, every pair of faults, and seeded walks.
import { randomOf } from '../../ops/random.ts';
import type { Attended } from './model.ts';
import { runOnce, type Explored, type Point, type Ran } from './run.ts';

export interface Found {
  /** The faults, by the points at which they happened. */
  faults: string[];
  broken: string[];
  /** The activities in the order of their calls, with their outcomes. */
  calls: string[];
  /** What `judged.shop.test.ts` is given, to try it at the real server. */
  script: number[];
}

export interface Findings {
  runs: number;
  found: Found[];
}

const faultsOf = ({ points }: Ran): string[] =>
  points
    .filter(({ taken }) => taken > 0)
    .map(({ name, options, taken }) => `${name}: ${options[taken]}`);

const foundIn = (ran: Ran): Found => ({
  faults: faultsOf(ran),
  broken: ran.broken,
  calls: ran.calls.map(({ name, outcome }) => `${name}: ${outcome}`),
  script: ran.points.map(({ taken }) => taken),
});

const scriptOf = (points: Point[], at: number, taken: number): number[] => [
  ...points.slice(0, at).map((point) => point.taken),
  taken,
];

/** Runs every script with up to `faults` deviations from what is usual, until so many break. */
export const exhaust = async <W extends Attended>(
  explored: Explored<W>,
  { faults, stopAt }: { faults: number; stopAt: number },
): Promise<Findings> => {
  const found: Found[] = [];
  let runs = 0;
  const visit = async (script: number[], left: number): Promise<void> => {
    if (found.length >= stopAt) return;
    const ran = await runOnce(explored, script);
    runs++;
    if (ran.broken.length > 0) {
      found.push(foundIn(ran));
      return;
    }
    if (left === 0) return;
    for (let at = script.length; at < ran.points.length; at++) {
      const { options } = ran.points[at] as Point;
      for (let taken = 1; taken < options.length; taken++) {
        await visit(scriptOf(ran.points, at, taken), left - 1);
      }
    }
  };
  await visit([], faults);
  return { runs, found };
};

/** How often a walk leaves what is usual. */
const FAULT_SHARE = 0.25;
const LENGTH_MAX = 60;
/** More than any point has: an option is chosen by the rest. */
const OPTIONS_MAX = 1_000;

/** A seeded walk's script. */
export const walkOf = (seed: number): number[] => {
  const random = randomOf(seed);
  return Array.from({ length: LENGTH_MAX }, () =>
    random() < FAULT_SHARE ? 1 + Math.floor(random() * OPTIONS_MAX) : 0,
  );
};

/** Walks with several faults each. */
export const walk = async <W extends Attended>(
  explored: Explored<W>,
  { seed, count }: { seed: number; count: number },
): Promise<Findings> => {
  const found: Found[] = [];
  for (let at = 0; at < count; at++) {
    const ran = await runOnce(explored, walkOf(seed + at));
    if (ran.broken.length > 0) found.push(foundIn(ran));
  }
  return { runs: count, found };
};
