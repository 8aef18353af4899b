// Publishes stock events: sold out and back in stock immediately, other changes coalesced.
import { asc, sql } from 'drizzle-orm';
import { stockChanged } from '../../kafka/events.ts';
import type { Pg, Tx } from '../client.ts';
import { LOCKS } from '../locks.ts';
import { publish } from '../outbox.ts';
import { inventoryOutbox, stockChanges, stockClocks } from '../schema/inventory.ts';

/** At most five coalesced events a second per product. */
const GAP_US = 200_000;
/** Products per announcement: a product may have many skus, all of which are read. */
const CHANGES_MAX = 200;

const NOW_US = sql`(extract(epoch from clock_timestamp()) * 1000000)::bigint`;

/** Writes a stock event per product: all of its skus, under its rising clock. */
export const announce = async (tx: Tx, storeId: string, productIds: string[]): Promise<void> => {
  if (productIds.length === 0) return;
  // Product ids contain no comma. Sorted, so that two announcers lock the clocks in one order.
  const list = [...productIds].sort().join(',');
  const clocks = await tx.execute<{ product_id: string; clock_us: number }>(sql`
    insert into inventory.stock_clocks as c (store_id, product_id, clock_us)
    select ${storeId}, product_id, ${NOW_US}
    from unnest(string_to_array(${list}, ',')) as product_id order by product_id
    on conflict (store_id, product_id)
    do update set clock_us = greatest(${NOW_US}, c.clock_us + 1)
    returning product_id, clock_us::float8`);
  const rows = await tx.execute<{ product_id: string; sku: string; available: number }>(sql`
    select product_id, sku, sum(on_hand - reserved)::int as available from inventory.balances
    where store_id = ${storeId} and product_id = any(string_to_array(${list}, ','))
    group by product_id, sku order by sku`);
  const levels = Map.groupBy(rows, (row) => row.product_id);
  const events = clocks.map(({ product_id: productId, clock_us: clockUs }) => {
    const own = levels.get(productId) ?? [];
    const skus = own.map(({ sku, available }) => ({ sku, available }));
    return stockChanged({ storeId, productId, clockUs, skus });
  });
  await publish(tx, inventoryOutbox, events);
};

/**
 * Publishes products whose stock changed and that were not announced in the last 200 ms; the others
 * wait for the next call. One event of the current stock stands for many changes. Returns how many
 * products were announced.
 */
export const announceChanges = (pg: Pg): Promise<number> =>
  pg.transaction('stock.announceChanges', async (tx) => {
    const [lock] = await tx.execute<{ held: boolean }>(
      sql`select pg_try_advisory_xact_lock(${LOCKS.announcer}) as held`,
    );
    if (!lock?.held) return 0;
    const rows = await tx.execute<{ store_id: string; product_id: string }>(sql`
      delete from inventory.stock_changes where id in (
        select c.id from inventory.stock_changes c
        left join inventory.stock_clocks k using (store_id, product_id)
        where coalesce(k.clock_us, 0) <= ${NOW_US} - ${GAP_US}
        order by c.id limit ${CHANGES_MAX})
      returning store_id, product_id`);
    const products = new Map<string, Set<string>>();
    for (const { store_id: storeId, product_id: productId } of rows) {
      products.set(storeId, (products.get(storeId) ?? new Set()).add(productId));
    }
    for (const [storeId, ids] of [...products].sort(([a], [b]) => (a < b ? -1 : 1))) {
      await announce(tx, storeId, [...ids]);
    }
    return [...products.values()].reduce((sum, ids) => sum + ids.size, 0);
  });

/** The clock of a product's last stock event. */
export interface StockClock {
  storeId: string;
  productId: string;
  clockUs: number;
}

/** Up to `limit` clocks of stock events after a product, of every store. */
export const listStockClocks = (
  pg: Pg,
  after: Pick<StockClock, 'storeId' | 'productId'>,
  limit: number,
): Promise<StockClock[]> =>
  pg.query('stock.clocks', (db) =>
    db
      .select()
      .from(stockClocks)
      .where(
        sql`(${stockClocks.storeId}, ${stockClocks.productId})
          > (${after.storeId}, ${after.productId})`,
      )
      .orderBy(asc(stockClocks.storeId), asc(stockClocks.productId))
      .limit(limit),
  );

/** Makes the announcer publish these products again, as after a change of their stock. */
export const republishStockOf = (
  pg: Pg,
  of: Pick<StockClock, 'storeId' | 'productId'>[],
): Promise<void> =>
  pg.query('stock.announceAgain', async (db) => {
    await db
      .insert(stockChanges)
      .values(of.map(({ storeId, productId }) => ({ storeId, productId })));
  });
