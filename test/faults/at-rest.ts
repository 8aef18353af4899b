// Checks the promises of a drill once all queues are drained.

/** The broken promises with their evidence; empty when all hold. */
export type Broken = string[];

const REST_LIMIT_MS = 60_000;
const AGAIN_MS = 500;

/** Repeats the check until nothing is broken: copies in other stores need a moment to arrive. */
export const atRest = async (look: () => Promise<Broken>): Promise<Broken> => {
  const end = Date.now() + REST_LIMIT_MS;
  for (;;) {
    const broken = await look().catch((error: unknown) => [String(error)]);
    if (broken.length === 0 || Date.now() > end) return broken;
    await Bun.sleep(AGAIN_MS);
  }
};
