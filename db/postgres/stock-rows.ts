// Balances under lock, and the news of a product's stock when a sku sells out or comes back.
import { sql } from 'drizzle-orm';
import { DEFAULT_LOCATION, type Demand, type StockLevel } from '../../domain/stock.ts';
import { stockChanged } from '../kafka/events.ts';
import type { Db, Tx } from './client.ts';
import { publish } from './outbox.ts';
import { inventoryOutbox } from './schema/inventory.ts';

export type Balance = StockLevel & { productId: string };

type BalanceRow = {
  sku: string;
  product_id: string;
  on_hand: number;
  reserved: number;
  version: number;
};

const balanceOf = (row: BalanceRow): Balance => ({
  sku: row.sku,
  productId: row.product_id,
  onHand: row.on_hand,
  reserved: row.reserved,
  available: row.on_hand - row.reserved,
  version: row.version,
});

const skuList = (skus: string[]) =>
  sql.join(
    skus.map((sku) => sql`${sku}`),
    sql`, `,
  );

/** Balances of these skus; locked in the order of their names, so that no two callers deadlock. */
export const balancesOf = async (
  db: Db | Tx,
  storeId: string,
  skus: string[],
  lock: boolean,
): Promise<Map<string, Balance>> => {
  if (skus.length === 0) return new Map();
  const rows = await db.execute<BalanceRow>(sql`
    select sku, product_id, on_hand, reserved, version::float8 from inventory.balances
    where store_id = ${storeId} and location = ${DEFAULT_LOCATION} and sku in (${skuList(skus)})
    order by sku ${lock ? sql`for update` : sql``}`);
  return new Map(rows.map((row) => [row.sku, balanceOf(row)]));
};

/** By how much the two numbers of a balance change, per unit of demand. */
interface Effect {
  onHand: -1 | 0 | 1;
  reserved: -1 | 0 | 1;
}

export const EFFECTS = {
  hold: { onHand: 0, reserved: 1 },
  letGo: { onHand: 0, reserved: -1 },
  claim: { onHand: -1, reserved: -1 },
  reverse: { onHand: 1, reserved: 0 },
} as const satisfies Record<string, Effect>;

/** Changes the balances of a demand in one statement; the rows must be locked already. */
export const applyDemand = async (
  tx: Tx,
  storeId: string,
  demand: Demand[],
  effect: Effect,
): Promise<Balance[]> => {
  const values = sql.join(
    demand.map(({ sku, quantity }) => sql`(${sku}::text, ${quantity}::int)`),
    sql`, `,
  );
  const rows = await tx.execute<BalanceRow>(sql`
    update inventory.balances b
    set on_hand = b.on_hand + ${effect.onHand}::int * d.quantity,
        reserved = b.reserved + ${effect.reserved}::int * d.quantity,
        version = b.version + 1, updated_at = now()
    from (values ${values}) as d (sku, quantity)
    where b.store_id = ${storeId} and b.location = ${DEFAULT_LOCATION} and b.sku = d.sku
    returning b.sku, b.product_id, b.on_hand, b.reserved, b.version::float8`);
  if (rows.length !== demand.length) throw new Error('a demanded sku has no balance');
  return rows.map(balanceOf);
};

/** Products of which a sku has just sold out or come back. */
const flippedProducts = (before: Map<string, Balance>, after: Balance[]): string[] => {
  const flipped = after.filter((now) => {
    const then = before.get(now.sku);
    return !then || then.available > 0 !== now.available > 0;
  });
  return [...new Set(flipped.map((one) => one.productId))].sort();
};

/** Writes a stock event for each product whose being in stock has changed. */
export const announceFlips = async (
  tx: Tx,
  storeId: string,
  before: Map<string, Balance>,
  after: Balance[],
): Promise<void> => {
  for (const productId of flippedProducts(before, after)) {
    const nowUs = sql`(extract(epoch from clock_timestamp()) * 1000000)::bigint`;
    const [clock] = await tx.execute<{ clock_us: number }>(sql`
      insert into inventory.stock_clocks as c (store_id, product_id, clock_us)
      values (${storeId}, ${productId}, ${nowUs})
      on conflict (store_id, product_id)
      do update set clock_us = greatest(${nowUs}, c.clock_us + 1)
      returning clock_us::float8`);
    const skus = await tx.execute<{ sku: string; available: number }>(sql`
      select sku, sum(on_hand - reserved)::int as available from inventory.balances
      where store_id = ${storeId} and product_id = ${productId} group by sku order by sku`);
    const clockUs = clock?.clock_us ?? 0;
    const news = stockChanged({ storeId, productId, clockUs, skus: [...skus] });
    await publish(tx, inventoryOutbox, [news]);
  }
};
