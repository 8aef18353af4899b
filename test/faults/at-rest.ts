// What is broken once everything has come to rest.

/** Every broken promise by its name and what shows it; empty when all hold. */
export type Broken = string[];

const REST_LIMIT_MS = 60_000;
const AGAIN_MS = 500;

/** Looks until nothing is broken: what follows another store has a moment to arrive. */
export const atRest = async (look: () => Promise<Broken>): Promise<Broken> => {
  const end = Date.now() + REST_LIMIT_MS;
  for (;;) {
    const broken = await look().catch((error: unknown) => [String(error)]);
    if (broken.length === 0 || Date.now() > end) return broken;
    await Bun.sleep(AGAIN_MS);
  }
};
