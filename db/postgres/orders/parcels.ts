// The parcels of an order: one per location that ships units.
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Pg } from '../client.ts';
import { parcels } from '../schema/orders.ts';

export type Parcel = typeof parcels.$inferSelect;

/** Records a booking; a repeated booking of a location changes nothing. */
export const putParcel = (pg: Pg, parcel: Omit<Parcel, 'updatedAt'>): Promise<void> =>
  pg.query('parcels.put', async (db) => {
    await db.insert(parcels).values(parcel).onConflictDoNothing();
  });

export const listParcels = (pg: Pg, orderId: string): Promise<Parcel[]> =>
  pg.query('parcels.list', (db) =>
    db.select().from(parcels).where(eq(parcels.orderId, orderId)).orderBy(asc(parcels.location)),
  );

/** Records the status reported by the carrier. */
export const moveParcel = (
  pg: Pg,
  { orderId, location }: Parcel,
  status: Parcel['status'],
): Promise<void> =>
  pg.query('parcels.move', async (db) => {
    await db
      .update(parcels)
      .set({ status, updatedAt: sql`now()` })
      .where(and(eq(parcels.orderId, orderId), eq(parcels.location, location)));
  });
