// Collections in Postgres: each write sets version and clock and publishes an event.
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { type CollectionId, newId, type StoreId } from '../../../domain/ids.ts';
import type { Collection } from '../../../domain/product.ts';
import { collectionChanged } from '../../kafka/events.ts';
import type { Pg, Tx } from '../client.ts';
import { publish } from '../outbox.ts';
import { firstClockUs, nextClockUs } from './product-rows.ts';
import { collections, productsOutbox } from '../schema/products.ts';

type Row = typeof collections.$inferSelect;

export const collectionOf = (row: Row): Collection => ({
  id: row.id as CollectionId,
  storeId: row.storeId as StoreId,
  name: row.name,
  description: row.description,
  version: row.version,
  clockUs: row.clockUs,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  ...(row.handle !== null && { handle: row.handle }),
  ...(row.parentId !== null && { parentId: row.parentId as CollectionId }),
});

export const noCollection = (): DomainError => new DomainError('NOT_FOUND', 'no such collection');

export interface CollectionDraft {
  name: string;
  description: string;
}

/** Writes a new collection in the caller's transaction. */
export const insertCollection = async (
  tx: Tx,
  storeId: StoreId,
  draft: CollectionDraft,
): Promise<Collection> => {
  const [row] = await tx
    .insert(collections)
    .values({ id: newId('collection'), storeId, ...draft, clockUs: firstClockUs() })
    .returning();
  const collection = collectionOf(row as Row);
  await publish(tx, productsOutbox, [collectionChanged(collection)]);
  return collection;
};

/** Absent fields stay unchanged. Throws NOT_FOUND, also for another store's collection. */
export const updateCollection = (
  pg: Pg,
  storeId: StoreId,
  id: string,
  change: { name?: string | undefined; description?: string | undefined },
): Promise<Collection> =>
  pg.as(storeId).transaction('collections.update', async (tx) => {
    const [row] = await tx
      .update(collections)
      .set({
        ...(change.name !== undefined && { name: change.name }),
        ...(change.description !== undefined && { description: change.description }),
        version: sql`${collections.version} + 1`,
        clockUs: nextClockUs(collections.clockUs),
        updatedAt: new Date(),
      })
      .where(and(eq(collections.storeId, storeId), eq(collections.id, id)))
      .returning();
    if (!row) throw noCollection();
    const collection = collectionOf(row);
    await publish(tx, productsOutbox, [collectionChanged(collection)]);
    return collection;
  });

/** Throws NOT_FOUND, also for another store's collection. */
export const collectionById = (pg: Pg, storeId: StoreId, id: string): Promise<Collection> =>
  pg.as(storeId).query('collections.collectionById', async (db) => {
    const [row] = await db
      .select()
      .from(collections)
      .where(and(eq(collections.storeId, storeId), eq(collections.id, id)));
    if (!row) throw noCollection();
    return collectionOf(row);
  });

/** Up to `limit` collections after an id, oldest first. */
export const listCollections = (
  pg: Pg,
  storeId: StoreId,
  after: string,
  limit: number,
): Promise<Collection[]> =>
  pg.as(storeId).query('collections.list', async (db) => {
    const rows = await db
      .select()
      .from(collections)
      .where(and(eq(collections.storeId, storeId), gt(collections.id, after)))
      .orderBy(asc(collections.id))
      .limit(limit);
    return rows.map(collectionOf);
  });
