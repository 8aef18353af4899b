// When the outside world is looked at without having sent an event: often at first, then rarely.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** So many looks, each so long after the one before. */
export interface LookPhase {
  everyMs: number;
  times: number;
}

/** An hour, a day, a fortnight, sixty days: 84 looks at a parcel, or at a pending refund. */
export const PARCEL_LOOKS: readonly LookPhase[] = [
  { everyMs: 5 * MINUTE_MS, times: 12 },
  { everyMs: HOUR_MS, times: 23 },
  { everyMs: 12 * HOUR_MS, times: 26 },
  { everyMs: 2 * DAY_MS, times: 23 },
];

/** A day, then four months, as banks take up to three for a verdict. */
export const DISPUTE_LOOKS: readonly LookPhase[] = [
  { everyMs: HOUR_MS, times: 24 },
  { everyMs: DAY_MS, times: 119 },
];

/**
 * The wait before the look with this number, from 0, in ms; undefined when there is none any more.
 * With `firstMs` the first one comes after that, and the others in proportion to it.
 */
export const waitBeforeLook = (
  schedule: readonly LookPhase[],
  look: number,
  firstMs = schedule[0]?.everyMs ?? 0,
): number | undefined => {
  const [first] = schedule;
  let before = 0;
  for (const { everyMs, times } of schedule) {
    before += times;
    if (first && look < before) return (everyMs * firstMs) / first.everyMs;
  }
  return undefined;
};
