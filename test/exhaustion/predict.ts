// Prints what the kit says of walks that take seconds at the real server, too, as JSON:
// `bun test/exhaustion/predict.ts COUNT SCRIPT PLANTED`; with a SCRIPT of it alone.
import type { WorkflowTimings } from '../../workflows/fulfill-order.contract.ts';
import { walkOf } from './explore.ts';
import { worldOf } from './model.ts';
import { ORDER_MODEL } from './models/order.ts';
import { runOnce, type Ran } from './run.ts';
import { virtualWorkflows } from './virtual.ts';

const SEED = 20_261_205;
/** Walks from which the judged ones are selected. */
const SEEDS = 3_000;

/** A timer that is to run out does so soon; one that is stopped would run for long. */
const SOON_MS = 2_000;
const LONG_MS = 60_000;
const CARRIER_POLL_MS = 200;
const WINDOWS_MS = [SOON_MS, LONG_MS];
const TIMINGS: WorkflowTimings[] = WINDOWS_MS.flatMap((paymentWindowMs) =>
  WINDOWS_MS.map((voidPatienceMs) => ({
    paymentWindowMs,
    voidPatienceMs,
    guestChallengeMs: paymentWindowMs,
    carrierPollMs: CARRIER_POLL_MS,
  })),
);

/** All that a walk waits for, in ms: enough for one poll of the payment. */
const WAITED_MAX_MS = 25_000;
/** A message that is sent while a timer runs has to come before it, on a slow machine, too. */
const LEFT_MIN_MS = 15_000;

export interface Predicted {
  script: number[];
  timings: WorkflowTimings;
  isLate: boolean;
  ran: Omit<Ran, 'points' | 'world'>;
  /** As `worldOf` writes it. */
  world: string;
}

export interface Prediction {
  walks: Predicted[];
  /** How many walks there were to select from, and why others were left out. */
  candidates: number;
  leftOut: Record<string, number>;
  /** Outcomes of activities and ends of waits: in the judged walks, and in all. */
  covered: number;
  known: number;
}

/** How long the walk's timers and failing activities take, in ms. */
const waitedMs = ({ waits, calls }: Ran): number => {
  const timers = waits.map(({ sent, leftMs = 0 }) => (sent.length === 0 ? leftMs : 0));
  const failing = calls.map(({ outcome, patienceMs }) => (isFailing(outcome) ? patienceMs : 0));
  return [...timers, ...failing].reduce((sum, one) => sum + one, 0);
};

const isFailing = (outcome: string): boolean => outcome === 'fails' || outcome === 'is lost';

/** Why a walk is not judged; undefined when it is. */
const unfitOf = (ran: Ran): string | undefined => {
  const isTight = ran.waits.some(
    ({ sent, leftMs }) => sent.length > 0 && leftMs !== undefined && leftMs < LEFT_MIN_MS,
  );
  if (isTight) return 'a message is sent shortly before a timer ends';
  const failing = ran.calls.find(
    ({ outcome, patienceMs }) => isFailing(outcome) && patienceMs > WAITED_MAX_MS,
  );
  if (failing) return 'an activity fails for minutes to months';
  const isWithin = ran.calls.some(
    ({ isLocal, outcome }) => isLocal && outcome in ORDER_MODEL.meanwhile('authorizePayment'),
  );
  if (isWithin) return 'a message is sent while a local activity runs';
  if (waitedMs(ran) > WAITED_MAX_MS) return 'timers take too long';
  return undefined;
};

interface Candidate {
  walk: Predicted;
  /** What it shows: outcomes of activities, and ends of waits. */
  shows: Set<string>;
  waitedMs: number;
}

const candidateOf = (timings: WorkflowTimings, ran: Ran): Candidate => {
  const { points, world, ...rest } = ran;
  const script = points.map(({ taken }) => taken);
  const isLate = Object.keys(ORDER_MODEL.starts)[script[0] ?? 0] === 'late';
  const walk = { script, timings, isLate, ran: rest, world: worldOf(world) };
  return { walk, shows: showsOf(ran), waitedMs: waitedMs(ran) };
};

const showsOf = ({ calls, waits }: Ran): Set<string> =>
  new Set([
    ...calls.map(({ name, outcome, isCancelled }) => `${name}: ${outcome} ${isCancelled}`),
    ...waits.flatMap(({ sent }) =>
      sent.length === 0 ? ['a timer'] : sent.map(({ name, isTaken }) => `${name} ${isTaken}`),
    ),
  ]);

/**
 * Selects the walks that show most: each time the one with most that none has shown yet. Those that
 * wait longest come first.
 */
const selected = (
  candidates: Candidate[],
  count: number,
): { walks: Predicted[]; shown: number } => {
  const left = new Set(candidates);
  const shown = new Set<string>();
  const picked: Candidate[] = [];
  while (picked.length < count && left.size > 0) {
    const [best] = [...left].toSorted(
      (a, b) => b.shows.difference(shown).size - a.shows.difference(shown).size,
    );
    if (!best) break;
    left.delete(best);
    picked.push(best);
    for (const one of best.shows) shown.add(one);
  }
  const walks = picked.toSorted((a, b) => b.waitedMs - a.waitedMs).map(({ walk }) => walk);
  return { walks, shown: shown.size };
};

const [count = '50', given = '', planted = ''] = process.argv.slice(2);
const { fulfillOrder: workflow } = await virtualWorkflows(planted);

const candidates: Candidate[] = [];
const leftOut: Record<string, number> = {};
const known = new Set<string>();
const consider = async (script: number[], timings: WorkflowTimings): Promise<void> => {
  const ran = await runOnce({ model: ORDER_MODEL, workflow }, script, timings);
  for (const one of showsOf(ran)) known.add(one);
  const unfit = unfitOf(ran);
  if (unfit === undefined) candidates.push(candidateOf(timings, ran));
  else leftOut[unfit] = (leftOut[unfit] ?? 0) + 1;
};
if (given === '') {
  for (let at = 0; at < SEEDS; at++) {
    await consider(walkOf(SEED + at), TIMINGS[at % TIMINGS.length] as WorkflowTimings);
  }
} else {
  for (const timings of TIMINGS) await consider(given.split(',').map(Number), timings);
}
const { walks, shown } = selected(candidates, Number(count));
const covered = { covered: shown, known: known.size, candidates: candidates.length };
console.log(JSON.stringify({ walks, leftOut, ...covered } satisfies Prediction));
