// An adaptive concurrency limit: as many calls at once as the service behind it answers in time.

const RAISED_BY = 0.1;
/** The smallest factor of one reduction. */
const REDUCTION_MIN = 0.5;
/** The limit never falls below this share of its maximum: a few slow calls must not stop all. */
const LOWEST_SHARE = 1 / 16;
/** Answers in the moving average of latency: one slow answer is no overload. */
const AVERAGED = 16;

export interface AdaptiveLimit {
  /** How many calls may run at once now. */
  current(): number;
  /** A call was answered after so long, while so many were running. */
  observe(latencyMs: number, running: number): void;
}

/**
 * Begins at `max`. When the mean latency is above the target, the limit is reduced at most once a
 * target's time: to what would be answered in it (Little's law), by half at most. Each answer in
 * time raises the limit by a tenth. So it settles where latency under load is about the target.
 */
export const createAdaptiveLimit = (
  max: number,
  targetMs: number,
  now: () => number,
): AdaptiveLimit => {
  const min = Math.ceil(max * LOWEST_SHARE);
  let limit = max;
  let meanMs = 0;
  let reducedAt = Number.NEGATIVE_INFINITY;
  return {
    current: () => Math.floor(limit),
    observe: (latencyMs, running) => {
      meanMs += (latencyMs - meanMs) / AVERAGED;
      if (latencyMs <= targetMs) limit = Math.min(max, limit + RAISED_BY);
      if (meanMs <= targetMs || running <= min) return;
      if (now() - reducedAt < targetMs) return;
      reducedAt = now();
      const factor = Math.max(REDUCTION_MIN, targetMs / meanMs);
      limit = Math.max(min, Math.min(limit, running) * factor);
    },
  };
};
