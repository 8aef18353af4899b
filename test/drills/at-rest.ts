// Checks the promises of a drill once all queues are drained.

/** The broken promises with their evidence; empty when all hold. */
export type Broken = string[];

/** How long the copies in other stores may take to arrive, after a fault and on a busy machine. */
export const REST_LIMIT_MS = 60_000;
/** A call whose response was lost is sent again under its key, as a browser does. */
export const PATIENCE_MS = 240_000;
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

/** Sends again while there is no response, or one without a result. */
export const persistently = async <T>(what: string, request: () => Promise<T | undefined>) => {
  const end = Date.now() + PATIENCE_MS;
  for (let tries = 1; ; tries++) {
    const answer = await request().catch(() => undefined);
    if (answer !== undefined) return { answer, tries };
    if (Date.now() > end) throw new Error(`${what}: there was no response`);
    await Bun.sleep(AGAIN_MS);
  }
};
