// Stock balances per location: locked, changed in one statement, and published.
import { sql } from 'drizzle-orm';
import type { Free } from '../../../domain/allocation.ts';
import type { Taking } from '../../../domain/stock.ts';
import type { StockLevel } from '../../../domain/stock.ts';
import { prepared, type Db, type Tx } from '../client.ts';
import { announce } from './stock-events.ts';

/** One sku at one location; `available` is the units there that are not held. */
export interface Balance extends Free {
  productId: string;
  onHand: number;
  reserved: number;
  version: number;
}

type BalanceRow = {
  sku: string;
  location: string;
  product_id: string;
  on_hand: number;
  reserved: number;
  version: number;
};

const balanceOf = (row: BalanceRow): Balance => ({
  sku: row.sku,
  location: row.location,
  productId: row.product_id,
  onHand: row.on_hand,
  reserved: row.reserved,
  available: row.on_hand - row.reserved,
  version: row.version,
});

/** Skus and product ids contain no control character, so a list of them is one text parameter. */
export const listed = (names: Iterable<string>): string => [...new Set(names)].join('\u001F');

const COLUMNS = sql`sku, location, product_id, on_hand, reserved, version::float8`;

export const readBalances = async (
  db: Db | Tx,
  storeId: string,
  skus: string[],
): Promise<Balance[]> => {
  const rows = await prepared<BalanceRow>(
    db,
    sql`select ${COLUMNS} from inventory.balances
      where store_id = ${storeId} and sku = any(string_to_array(${listed(skus)}, chr(31)))
      order by sku, location`,
  );
  return rows.map(balanceOf);
};

/** Every location of these skus, locked in one order, so that two callers do not deadlock. */
export const lockBalances = async (tx: Tx, storeId: string, skus: string[]): Promise<Balance[]> => {
  const rows = await prepared<BalanceRow>(
    tx,
    sql`select ${COLUMNS} from inventory.balances
      where store_id = ${storeId} and sku = any(string_to_array(${listed(skus)}, chr(31)))
      order by sku, location for update`,
  );
  return rows.map(balanceOf);
};

export const emptyLevel = (sku: string): StockLevel => ({
  sku,
  onHand: 0,
  reserved: 0,
  available: 0,
  version: 0,
});

/**
 * The totals of the skus. The version is the sum over locations: a change of one location locks
 * them all, so it rises with every change of the sku.
 */
export const levelsOf = (skus: string[], balances: Balance[]): StockLevel[] => {
  const levels = new Map([...new Set(skus)].map((sku) => [sku, emptyLevel(sku)]));
  for (const { sku, onHand, reserved, available, version } of balances) {
    const level = levels.get(sku);
    if (!level) continue;
    level.onHand += onHand;
    level.reserved += reserved;
    level.available += available;
    level.version += version;
  }
  return [...levels.values()];
};

/** The change of a balance's two numbers per unit taken. */
export interface Effect {
  onHand: -1 | 0 | 1;
  reserved: -1 | 0 | 1;
}

export const EFFECTS = {
  hold: { onHand: 0, reserved: 1 },
  letGo: { onHand: 0, reserved: -1 },
  claim: { onHand: -1, reserved: -1 },
  reverse: { onHand: 1, reserved: 0 },
} as const satisfies Record<string, Effect>;

interface Change {
  storeId: string;
  /** The locked balances of every sku taken from. */
  locked: Balance[];
  takings: Taking[];
  effect: Effect;
  /** The reservation that holds these units from now on. */
  holder?: string;
  /** The movement to record, when units come or go. */
  movement?: { kind: 'claimed' | 'reversed'; reference: string };
}

const applied = (balance: Balance, { takings, effect }: Change): Balance => {
  const taken = takings.filter(
    (taking) => taking.sku === balance.sku && taking.location === balance.location,
  );
  const units = taken.reduce((sum, { quantity }) => sum + quantity, 0);
  const onHand = balance.onHand + effect.onHand * units;
  const reserved = balance.reserved + effect.reserved * units;
  const version = balance.version + (taken.length > 0 ? 1 : 0);
  return { ...balance, onHand, reserved, available: onHand - reserved, version };
};

/** Products of which a sku sells out or comes back between two states of the same skus. */
export const flippedProducts = (before: Balance[], after: Balance[]): string[] => {
  const skus = after.map((balance) => balance.sku);
  const inStock = new Map(levelsOf(skus, before).map((level) => [level.sku, level.available > 0]));
  const flipped = levelsOf(skus, after).filter(
    (level) => inStock.get(level.sku) !== level.available > 0,
  );
  const names = new Set(flipped.map((level) => level.sku));
  const products = after.filter(({ sku }) => names.has(sku)).map(({ productId }) => productId);
  return [...new Set(products)];
};

const write = async (tx: Tx, change: Change, quiet: string[]): Promise<Balance[]> => {
  const { storeId, takings, effect, holder = '', movement } = change;
  const skus = listed(takings.map((taking) => taking.sku));
  const rows = await prepared<BalanceRow & { changed: number }>(
    tx,
    sql`with d as (
        select * from jsonb_to_recordset(${JSON.stringify(takings)}::text::jsonb)
          as d (sku text, location text, quantity int)
      ), changed as (
        update inventory.balances b
        set on_hand = b.on_hand + ${effect.onHand}::int * d.quantity,
            reserved = b.reserved + ${effect.reserved}::int * d.quantity,
            version = b.version + 1, updated_at = now()
        from d where b.store_id = ${storeId} and b.sku = d.sku and b.location = d.location
          and b.sku = any(string_to_array(${skus}, chr(31)))
        returning b.sku
      ), held as (
        insert into inventory.reservation_lines as l
          (store_id, reservation_id, sku, location, quantity)
        select ${storeId}, ${holder}::text, sku, location, quantity from d
        where ${holder}::text <> ''
        on conflict (store_id, reservation_id, sku, location)
        do update set quantity = l.quantity + excluded.quantity
      ), moved as (
        insert into inventory.movements (store_id, sku, location, kind, quantity, reference)
        select ${storeId}, sku, location, ${movement?.kind ?? ''}::text,
          ${effect.onHand}::int * quantity, ${movement?.reference ?? ''}::text
        from d where ${movement?.kind ?? ''}::text <> ''
      ), queued as (
        insert into inventory.stock_changes (store_id, product_id)
        select ${storeId}, unnest(string_to_array(${listed(quiet)}, chr(31)))
      )
      select ${COLUMNS}, (select count(*)::int from changed) as changed
      from inventory.balances
      where store_id = ${storeId} and sku = any(string_to_array(${skus}, chr(31)))`,
  );
  if (rows[0]?.changed !== takings.length) throw new Error('a taken sku has no balance');
  return rows.map(balanceOf);
};

/**
 * Changes locked balances in one statement and publishes the change: sold out or back in stock
 * immediately, any other change within moments. Returns the levels afterwards.
 */
export const changeBalances = async (tx: Tx, change: Change): Promise<StockLevel[]> => {
  const { storeId, locked, takings } = change;
  if (takings.length === 0) return [];
  const after = locked.map((balance) => applied(balance, change));
  const flipped = flippedProducts(locked, after);
  const touched = new Set(takings.map((taking) => taking.sku));
  // Claimed units were unavailable before, so their sale changes nothing that is published.
  const isSeen = change.effect.onHand !== change.effect.reserved;
  const quiet = locked
    .filter(({ sku, productId }) => touched.has(sku) && isSeen && !flipped.includes(productId))
    .map(({ productId }) => productId);
  // Read again: a location may have been opened after the lock was requested.
  const present = await write(tx, change, quiet);
  await announce(tx, storeId, flipped);
  return levelsOf(
    [...touched],
    present.map((balance) => applied(balance, change)),
  );
};
