// A store's rules for what comes back: an address, a location, and who accepts it.
import { eq } from 'drizzle-orm';
import { RETURN_SETTINGS, type ReturnSettings } from '../../../domain/returns.ts';
import type { Pg } from '../client.ts';
import { returnSettings } from '../schema/orders.ts';

/** The default ones for a store that has set none. */
export const returnSettingsOf = (pg: Pg, storeId: string): Promise<ReturnSettings> =>
  pg.query('returnSettings.of', async (db) => {
    const [row] = await db.select().from(returnSettings).where(eq(returnSettings.storeId, storeId));
    if (!row) return RETURN_SETTINGS;
    const { address, location, inspects } = row;
    return { ...(address && { address }), location, inspects };
  });

export const putReturnSettings = (
  pg: Pg,
  storeId: string,
  { address, location, inspects }: ReturnSettings,
): Promise<void> =>
  pg.query('returnSettings.put', async (db) => {
    const set = { address: address ?? null, location, inspects, updatedAt: new Date() };
    await db
      .insert(returnSettings)
      .values({ storeId, ...set })
      .onConflictDoUpdate({ target: returnSettings.storeId, set });
  });
