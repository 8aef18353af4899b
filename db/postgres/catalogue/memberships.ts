// The products of a collection and their order, and what deleting the collection changes.
import { and, asc, eq, inArray, ne, or, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type { StoreId } from '../../../domain/ids.ts';
import type { Product } from '../../../domain/product.ts';
import { collectionChanged, productChanged } from '../../kafka/events.ts';
import type { Pg, Tx } from '../client.ts';
import { publish, publishMany } from '../outbox.ts';
import {
  collections,
  productCollections,
  products,
  productsOutbox,
  UNPOSITIONED,
} from '../schema/products.ts';
import { collectionOf, noCollection } from './collections.ts';
import { assembleProducts, nextClockUs, nextVersion } from './product-rows.ts';

/** Products removed from a deleted collection in one transaction. */
const REMOVED_PER_TRANSACTION = 500;

const lockCollection = async (tx: Tx, storeId: StoreId, id: string) => {
  const [row] = await tx
    .select()
    .from(collections)
    .where(and(eq(collections.storeId, storeId), eq(collections.id, id)))
    .for('update');
  if (!row) throw noCollection();
  return row;
};

/** A product with its position in a collection's own order. */
export interface Placed {
  product: Product;
  position: number;
}

/** Up to `limit` products of a collection after a position, in its own order. Throws NOT_FOUND. */
export const listMembers = (
  pg: Pg,
  storeId: StoreId,
  id: string,
  after: { position: number; productId: string },
  limit: number,
): Promise<Placed[]> =>
  pg.as(storeId).query('memberships.list', async (db) => {
    const [found] = await db
      .select({ id: collections.id })
      .from(collections)
      .where(and(eq(collections.storeId, storeId), eq(collections.id, id)));
    if (!found) throw noCollection();
    const rows = await db
      .select({ row: products, position: productCollections.position })
      .from(productCollections)
      .innerJoin(products, eq(products.id, productCollections.productId))
      .where(
        and(
          eq(productCollections.collectionId, id),
          sql`(${productCollections.position}, ${productCollections.productId})
            > (${after.position}, ${after.productId})`,
        ),
      )
      .orderBy(asc(productCollections.position), asc(productCollections.productId))
      .limit(limit);
    const assembled = await assembleProducts(
      db,
      rows.map(({ row }) => row),
    );
    return assembled.map((product, at) => ({ product, position: rows[at]?.position ?? 0 }));
  });

/** Raises the version of these products and publishes their events. */
const announceMany = async (tx: Tx, ids: string[]): Promise<void> => {
  if (ids.length === 0) return;
  const rows = await tx
    .update(products)
    .set(nextVersion())
    .where(sql`${products.id} in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`)
    .returning();
  const changed = await assembleProducts(tx, rows);
  await publishMany(
    tx,
    'products',
    changed.map((product) => productChanged(product)),
  );
};

/** Members that have or are to get a position. */
const listPositioned = (tx: Tx, id: string, productIds: string[]) =>
  tx
    .select({ productId: productCollections.productId, position: productCollections.position })
    .from(productCollections)
    .where(
      and(
        eq(productCollections.collectionId, id),
        or(
          ne(productCollections.position, UNPOSITIONED),
          inArray(productCollections.productId, productIds),
        ),
      ),
    );

/** Locks products in the order of ids, before collections, as every writer does. */
const lockProducts = (tx: Tx, ids: string[]) =>
  tx
    .select({ id: products.id })
    .from(products)
    .where(inArray(products.id, ids))
    .orderBy(asc(products.id))
    .for('update');

/** Puts these products first, in this order; the others follow. Throws NOT_FOUND, INVALID_INPUT. */
export const orderMembers = (
  pg: Pg,
  storeId: StoreId,
  id: string,
  productIds: string[],
): Promise<void> =>
  pg.as(storeId).transaction('memberships.order', async (tx) => {
    const before = await listPositioned(tx, id, productIds);
    await lockProducts(tx, [...before.map(({ productId }) => productId), ...productIds]);
    await lockCollection(tx, storeId, id);
    const present = new Map(
      (await listPositioned(tx, id, productIds)).map((one) => [one.productId, one.position]),
    );
    if (productIds.some((productId) => !present.has(productId))) {
      throw new DomainError('INVALID_INPUT', 'a product is not in this collection', {
        fields: [{ path: 'productIds', message: 'names a product that is not in this collection' }],
      });
    }
    const positions = new Map(productIds.map((productId, position) => [productId, position]));
    const moved = [...present]
      .map(([productId, from]) => ({
        productId,
        from,
        to: positions.get(productId) ?? UNPOSITIONED,
      }))
      .filter(({ from, to }) => from !== to);
    await tx.execute(sql`
      update products.product_collections m set position = r."to"
      from jsonb_to_recordset(${JSON.stringify(moved)}::jsonb) as r ("productId" text, "to" int)
      where m.collection_id = ${id} and m.product_id = r."productId"`);
    await announceMany(
      tx,
      moved.map(({ productId }) => productId),
    );
  });

/** Removes a collection from some of its products and publishes their events; returns how many. */
const removeSomeMembers = (pg: Pg, storeId: StoreId, id: string): Promise<number> =>
  pg.as(storeId).transaction('memberships.loosen', async (tx) => {
    await lockCollection(tx, storeId, id);
    const taken = await tx.execute<{ id: string }>(sql`
      delete from products.product_collections where (product_id, collection_id) in (
        select product_id, collection_id from products.product_collections
        where collection_id = ${id} order by product_id limit ${REMOVED_PER_TRANSACTION})
      returning product_id as id`);
    if (taken.length === 0) return 0;
    await announceMany(
      tx,
      taken.map((row) => row.id),
    );
    return taken.length;
  });

/** False when a product was added to it meanwhile. */
const deleteEmpty = (pg: Pg, storeId: StoreId, id: string): Promise<boolean> =>
  pg.as(storeId).transaction('collections.delete', async (tx) => {
    const row = await lockCollection(tx, storeId, id);
    const left = await tx
      .select({ id: productCollections.productId })
      .from(productCollections)
      .where(eq(productCollections.collectionId, id))
      .limit(1);
    if (left.length > 0) return false;
    const [last] = await tx
      .update(collections)
      .set({
        version: sql`${collections.version} + 1`,
        clockUs: nextClockUs(collections.clockUs),
      })
      .where(eq(collections.id, row.id))
      .returning();
    await tx.delete(collections).where(eq(collections.id, row.id));
    if (last) await publish(tx, productsOutbox, [collectionChanged(collectionOf(last), true)]);
    return true;
  });

/** Deletes a collection and publishes events of its products, which stay. Throws NOT_FOUND. */
export const deleteCollection = async (pg: Pg, storeId: StoreId, id: string): Promise<void> => {
  // Works in batches, so that no transaction is as large as the collection; a retry continues after
  // a crash.
  do while ((await removeSomeMembers(pg, storeId, id)) === REMOVED_PER_TRANSACTION);
  while (!(await deleteEmpty(pg, storeId, id)));
};
