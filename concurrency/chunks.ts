// Long lists a few items at a time: in chunks, or so many items at once.

/** The items in order, `size` in each chunk; the last chunk may be shorter. */
export const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );

/**
 * Runs `work` over the items, at most `max` at once; answers the results in the items' order. Each
 * failure lowers `max` by one: one bad item does not hold up the others, and a dependency that is
 * away is called `max` times at most. An error is thrown when everything begun has ended.
 */
export const mapBounded = async <T, R>(
  items: readonly T[],
  max: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = [];
  const left = items.entries();
  const runOneByOne = async (): Promise<void> => {
    for (const [at, item] of left) results[at] = await work(item);
  };
  const runs = Array.from({ length: Math.min(max, items.length) }, runOneByOne);
  const failed = (await Promise.allSettled(runs)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return results;
};
