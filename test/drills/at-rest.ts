// Checks the promises of a drill once all queues are drained.

/** The broken promises with their evidence; empty when all hold. */
export type Broken = string[];

/** How long the copies in other stores may take to arrive, after a fault and on a busy machine. */
export const REST_LIMIT_MS = 60_000;
const AGAIN_MS = 500;

/** Repeats the check until nothing is broken, or until the limit is over. */
export const atRest = async (look: () => Promise<Broken>, limitMs: number): Promise<Broken> => {
  const end = Date.now() + limitMs;
  for (;;) {
    const broken = await look().catch((error: unknown) => [String(error)]);
    if (broken.length === 0 || Date.now() > end) return broken;
    await Bun.sleep(AGAIN_MS);
  }
};
