// Publishes catalogue events again from the rows, for a topic that has lost messages.
import { asc, gt, inArray, sql } from 'drizzle-orm';
import {
  collectionChanged,
  productChanged,
  productDeleted,
  type PublishedCollection,
  type PublishedProduct,
} from '../../kafka/events.ts';
import type { Pg } from '../client.ts';
import { publishMany } from '../outbox.ts';
import { collections, products } from '../schema/products.ts';
import { collectionOf } from './collections.ts';
import { assembleProducts } from './product-rows.ts';

/** The clock of a row's last event. */
export interface Clock {
  storeId: string;
  id: string;
  clockUs: number;
}

/** Up to `limit` clocks of products or collections after an id, of every store. */
export const listClocks = (
  pg: Pg,
  of: 'products' | 'collections',
  after: string,
  limit: number,
): Promise<Clock[]> =>
  pg.query(`${of}.clocks`, (db) => {
    const table = of === 'products' ? products : collections;
    return db
      .select({ storeId: table.storeId, id: table.id, clockUs: table.clockUs })
      .from(table)
      .where(gt(table.id, after))
      .orderBy(asc(table.id))
      .limit(limit);
  });

/** The existing ids among these. */
export const presentOf = (
  pg: Pg,
  of: 'products' | 'collections',
  ids: string[],
): Promise<Set<string>> =>
  pg.query(`${of}.present`, async (db) => {
    const table = of === 'products' ? products : collections;
    const rows = await db.select({ id: table.id }).from(table).where(inArray(table.id, ids));
    return new Set(rows.map(({ id }) => id));
  });

/**
 * Publishes these products under their present clocks, so that a consumer that has them finds the
 * events stale.
 */
export const republishProducts = (pg: Pg, ids: string[]): Promise<void> =>
  pg.transaction('products.tellAgain', async (tx) => {
    const rows = await tx
      .select()
      .from(products)
      .where(inArray(products.id, ids))
      .orderBy(asc(products.id))
      .for('share');
    const events = (await assembleProducts(tx, rows)).map((product) => productChanged(product));
    await publishMany(tx, 'products', events);
  });

export const republishCollections = (pg: Pg, ids: string[]): Promise<void> =>
  pg.transaction('collections.tellAgain', async (tx) => {
    const rows = await tx
      .select()
      .from(collections)
      .where(inArray(collections.id, ids))
      .orderBy(asc(collections.id))
      .for('share');
    const events = rows.map((row) => collectionChanged(collectionOf(row)));
    await publishMany(tx, 'products', events);
  });

export interface Gone {
  products: PublishedProduct[];
  collections: PublishedCollection[];
}

/** Publishes deletions of missing rows; ids are never reused. */
export const republishDeleted = (pg: Pg, gone: Gone): Promise<void> =>
  pg.transaction('products.tellDeleted', async (tx) => {
    const [now] = await tx.execute<{ us: number }>(
      sql`select (extract(epoch from clock_timestamp()) * 1000000)::float8 as us`,
    );
    const nowUs = Math.floor(now?.us ?? 0);
    const later = <T extends { clockUs: number }>(one: T): T => ({
      ...one,
      clockUs: Math.max(nowUs, one.clockUs + 1),
    });
    await publishMany(tx, 'products', [
      ...gone.products.map((one) => productDeleted(later(one))),
      ...gone.collections.map((one) => collectionChanged(later(one), true)),
    ]);
  });
