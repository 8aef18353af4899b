// Equal questions that are under way at once are asked once: what is read is nobody's own.

/** Runs `work`, or joins the run of the same key that has not ended yet. */
export type Share<T> = (key: string, work: () => Promise<T>) => Promise<T>;

/**
 * As many are kept as are under way, and none of them longer: an answer may be as old as the call
 * that it joined, never older. What fails, fails for all who joined; the next one tries again.
 */
export const createSharing = <T>(): Share<T> => {
  const underWay = new Map<string, Promise<T>>();
  return (key, work) => {
    const known = underWay.get(key);
    if (known) return known;
    const begun = work().finally(() => underWay.delete(key));
    underWay.set(key, begun);
    return begun;
  };
};
