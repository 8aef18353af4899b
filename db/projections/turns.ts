// Turns: so much is worked on at once and no more, and of one key one thing after the other.

export interface Turn {
  key: string;
  /** Goes before everything that waits and is not. */
  isFirst: boolean;
}

export type Turns = <T>(turn: Turn, work: () => Promise<T>) => Promise<T>;

/**
 * Work of one key is done in the order in which it was asked for; of all keys together, at most
 * `atOnce` are worked on. Whoever waits has waited longest of its kind when its turn comes.
 */
export const createTurns = (atOnce: number): Turns => {
  const last = new Map<string, Promise<unknown>>();
  const [first, others]: [(() => void)[], (() => void)[]] = [[], []];
  let running = 0;
  const place = async (isFirst: boolean): Promise<void> => {
    if (running < atOnce) return void running++;
    await new Promise<void>((resolve) => (isFirst ? first : others).push(resolve));
  };
  /** The place is handed over, so that nobody comes in between. */
  const leave = (): void => {
    const next = first.shift() ?? others.shift();
    if (next) next();
    else running--;
  };
  const inTurn = async <T>(isFirst: boolean, work: () => Promise<T>): Promise<T> => {
    await place(isFirst);
    return work().finally(leave);
  };
  return async ({ key, isFirst }, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(() => inTurn(isFirst, work));
    const settled = mine.catch(() => undefined);
    last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  };
};
