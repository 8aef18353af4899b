// How wide a room is: as many as are answered in time by what is behind it, whatever that can do.

const WIDER_BY = 0.1;
const NARROWER_MOST = 0.5;
/** Never narrower than this share: a slow few must not keep all others out. */
const NARROWEST_SHARE = 1 / 16;
/** Answers over which a stay is averaged: one slow answer is no crowd. */
const REMEMBERED = 16;

export interface Width {
  /** How many have room just now. */
  present(): number;
  /** A call was answered after so long, with so many inside. */
  learn(stayedMs: number, inside: number): void;
}

/**
 * Begins at `most`. Once a patience a crowd that stays longer than that makes it as narrow as would
 * stay so long (Little's law), a half at most; each answer in time makes it wider by a tenth of a
 * place. So it settles where a crowd stays about as long as the patience.
 */
export const createWidth = (most: number, patienceMs: number, now: () => number): Width => {
  const least = Math.ceil(most * NARROWEST_SHARE);
  let width = most;
  let meanMs = 0;
  let narrowedAt = Number.NEGATIVE_INFINITY;
  return {
    present: () => Math.floor(width),
    learn: (stayedMs, inside) => {
      meanMs += (stayedMs - meanMs) / REMEMBERED;
      if (stayedMs <= patienceMs) width = Math.min(most, width + WIDER_BY);
      if (meanMs <= patienceMs || inside <= least) return;
      if (now() - narrowedAt < patienceMs) return;
      narrowedAt = now();
      const share = Math.max(NARROWER_MOST, patienceMs / meanMs);
      width = Math.max(least, Math.min(width, inside) * share);
    },
  };
};
