// The locations of a store that hold stock; the default one exists without a row.
import { and, asc, eq, sql } from 'drizzle-orm';
import { invalid } from '../../../domain/errors.ts';
import { DEFAULT_LOCATION } from '../../../domain/stock.ts';
import type { Pg, Tx } from '../client.ts';
import { locations } from '../schema/inventory.ts';

/** Largest number of locations of a store. */
const LOCATIONS_MAX = 1_000;

export interface Location {
  location: string;
  name: string;
}

/** Throws INVALID_INPUT when the store has no such location. */
export const assertLocation = async (tx: Tx, storeId: string, location: string): Promise<void> => {
  if (location === DEFAULT_LOCATION) return;
  const [found] = await tx
    .select({ location: locations.location })
    .from(locations)
    .where(and(eq(locations.storeId, storeId), eq(locations.location, location)));
  if (!found) throw invalid('location', 'is not a location of this store');
};

/** The default location first, then the others by name. */
export const listLocations = (pg: Pg, storeId: string): Promise<Location[]> =>
  pg.query('locations.list', async (db) => {
    const rows = await db
      .select({ location: locations.location, name: locations.name })
      .from(locations)
      .where(eq(locations.storeId, storeId))
      .orderBy(asc(locations.location))
      .limit(LOCATIONS_MAX);
    const others = rows.filter((row) => row.location !== DEFAULT_LOCATION);
    const own = rows.find((row) => row.location === DEFAULT_LOCATION);
    return [own ?? { location: DEFAULT_LOCATION, name: 'Default' }, ...others];
  });

/** Opens or renames a location. Throws INVALID_INPUT at LOCATIONS_MAX. */
export const createLocation = (pg: Pg, storeId: string, { location, name }: Location) =>
  pg.transaction('locations.create', async (tx) => {
    const [row] = await tx.execute<{ n: number }>(sql`
      select count(*)::int as n from inventory.locations
      where store_id = ${storeId} and location <> ${location}`);
    if ((row?.n ?? 0) >= LOCATIONS_MAX) {
      throw invalid('location', `a store has at most ${LOCATIONS_MAX} locations`);
    }
    await tx
      .insert(locations)
      .values({ storeId, location, name })
      .onConflictDoUpdate({ target: [locations.storeId, locations.location], set: { name } });
  });
