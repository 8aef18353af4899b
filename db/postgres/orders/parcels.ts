// The parcels of an order: one a location that something is sent from.
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Pg } from '../client.ts';
import { parcels } from '../schema/orders.ts';

export type Parcel = typeof parcels.$inferSelect;

/** Records a booking; the same location again stays what it was. */
export const putParcel = (pg: Pg, parcel: Omit<Parcel, 'updatedAt'>): Promise<void> =>
  pg.query('parcels.put', async (db) => {
    await db.insert(parcels).values(parcel).onConflictDoNothing();
  });

export const listParcels = (pg: Pg, orderId: string): Promise<Parcel[]> =>
  pg.query('parcels.list', (db) =>
    db.select().from(parcels).where(eq(parcels.orderId, orderId)).orderBy(asc(parcels.location)),
  );

/** Where the carrier says a parcel is. */
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
