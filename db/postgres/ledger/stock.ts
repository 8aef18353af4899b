// On-hand stock in the ledger: received, counted and read; each change once per the caller's id.
import { sql } from 'drizzle-orm';
import { DomainError, invalid } from '../../../domain/errors.ts';
import { STOCK_QUANTITY_MAX, type StockLevel } from '../../../domain/stock.ts';
import type { Pg, Tx } from '../client.ts';
import { flippedProducts, levelsOf, lockBalances, readBalances, type Balance } from './balances.ts';
import { shareEpoch } from './epoch.ts';
import { assertLocation } from './locations.ts';
import { shedHolds } from './losses.ts';
import { answeredBefore, recordMovement } from './movements.ts';
import { announce } from './stock-events.ts';

/** A sku's level and its epoch; `isFirst` when the sku is new to the ledger. */
export interface StockAnswer {
  level: StockLevel;
  epoch: number;
  isFirst: boolean;
}

/** Levels of these skus in the ledger; a sku never received has zeros and version 0. */
export const listLevels = (pg: Pg, storeId: string, skus: string[]): Promise<StockLevel[]> =>
  pg.query('stock.listLevels', async (db) => levelsOf(skus, await readBalances(db, storeId, skus)));

/** The same per location, sorted by name. */
export const listBalances = (pg: Pg, storeId: string, skus: string[]): Promise<Balance[]> =>
  pg.query('stock.listBalances', (db) => readBalances(db, storeId, skus));

interface StockLocation {
  storeId: string;
  sku: string;
  location: string;
  /** The sku's product; required the first time, and replaced when it differs. */
  productId: string;
}

/** Serialises first changes of a sku, which has no row to lock yet. */
const lockSku = async (tx: Tx, { storeId, sku }: StockLocation): Promise<void> => {
  const name = `${storeId}/${sku}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
};

/** Ensures a balance here with the right product; returns all balances of the sku. */
const openBalance = async (tx: Tx, at: StockLocation): Promise<Balance[]> => {
  const { storeId, sku, location } = at;
  const present = await lockBalances(tx, storeId, [sku]);
  const known = present[0]?.productId ?? '';
  const productId = at.productId || known;
  if (!productId) throw invalid('productId', 'is required the first time a sku has stock');
  if (known && known !== productId) {
    await tx.execute(sql`update inventory.balances set product_id = ${productId}
      where store_id = ${storeId} and sku = ${sku}`);
  }
  await tx.execute(sql`
    insert into inventory.balances
      (store_id, sku, location, product_id, on_hand, reserved, version)
    values (${storeId}, ${sku}, ${location}, ${productId}, 0, 0, 0)
    on conflict do nothing`);
  return present;
};

const announced = async (tx: Tx, at: StockLocation, before: Balance[]): Promise<StockLevel> => {
  const { storeId, sku } = at;
  const after = await readBalances(tx, storeId, [sku]);
  const [level] = levelsOf([sku], after);
  if (!level) throw new Error('a balance written in this transaction has no row');
  if (level.onHand > STOCK_QUANTITY_MAX)
    throw invalid('quantity', 'exceeds the largest stock of a sku');
  const [owner] = after;
  const former = before.find(({ productId }) => productId !== owner?.productId);
  const flipped = new Set(flippedProducts(before, after));
  if (before.length === 0 || former) {
    for (const { productId } of [...before, ...after]) flipped.add(productId);
  }
  await announce(tx, storeId, [...flipped]);
  if (flipped.size === 0) {
    await tx.execute(sql`insert into inventory.stock_changes (store_id, product_id)
      values (${storeId}, ${owner?.productId ?? ''})`);
  }
  return level;
};

export interface Receipt extends StockLocation {
  receiptId: string;
  quantity: number;
  reason: string;
}

/** Adds units, once per receipt id and sku. Throws INVALID_INPUT, IDEMPOTENCY_KEY_REUSED. */
export const receiveStock = (pg: Pg, receipt: Receipt): Promise<StockAnswer> =>
  pg.transaction('stock.receive', async (tx) => {
    const epoch = await shareEpoch(tx);
    await lockSku(tx, receipt);
    const { storeId, sku, location, quantity, reason } = receipt;
    const requested = {
      storeId,
      sku,
      location,
      quantity,
      reason,
      kind: 'received' as const,
      reference: receipt.receiptId,
      counted: null,
    };
    const first = await answeredBefore(tx, requested);
    if (first) return { level: first, epoch, isFirst: false };
    await assertLocation(tx, storeId, location);
    const before = await openBalance(tx, receipt);
    await tx.execute(sql`update inventory.balances
      set on_hand = on_hand + ${quantity}, version = version + 1, updated_at = now()
      where store_id = ${storeId} and sku = ${sku} and location = ${location}`);
    const level = await announced(tx, receipt, before);
    await recordMovement(tx, requested, level);
    return { level, epoch, isFirst: before.length === 0 };
  });

export interface Count extends StockLocation {
  /** The counted units. */
  onHand: number;
  /** The sku's version that the count started from. */
  expectedVersion: number | undefined;
  reason: string;
  adjustmentId: string;
  /** Units are lost: the count may go below the held units, and the newest holds lose theirs. */
  isLoss: boolean;
}

const assertVersion = (count: Count, balances: Balance[]): void => {
  const present = levelsOf([count.sku], balances)[0]?.version ?? 0;
  if (count.expectedVersion === undefined || count.expectedVersion === present) return;
  throw new DomainError('VERSION_MISMATCH', 'the stock has changed since it was read', {
    facts: { version: present },
  });
};

/** How many units the holds at this location have to give up. Throws STOCK_BELOW_RESERVED. */
const unitsToShed = ({ onHand, isLoss }: Count, here: Balance | undefined): number => {
  const reserved = here?.reserved ?? 0;
  if (onHand < reserved && !isLoss) {
    throw new DomainError('STOCK_BELOW_RESERVED', `${reserved} units are reserved`, {
      facts: { reserved },
    });
  }
  return Math.max(0, reserved - onHand);
};

/**
 * Sets on-hand at a location to a count, once per adjustment id. Throws STOCK_BELOW_RESERVED,
 * VERSION_MISMATCH, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED.
 */
export const adjustStock = (pg: Pg, count: Count): Promise<StockAnswer> =>
  pg.transaction('stock.adjust', async (tx) => {
    const epoch = await shareEpoch(tx);
    await lockSku(tx, count);
    const { storeId, sku, location, onHand, reason } = count;
    const requested = {
      storeId,
      sku,
      location,
      reason,
      kind: 'adjusted' as const,
      reference: count.adjustmentId,
      counted: onHand,
    };
    const first = await answeredBefore(tx, { ...requested, quantity: null });
    if (first) return { level: first, epoch, isFirst: false };
    await assertLocation(tx, storeId, location);
    const before = await openBalance(tx, count);
    assertVersion(count, before);
    const here = before.find((balance) => balance.location === location);
    const shed = unitsToShed(count, here);
    if (shed > 0) await shedHolds(tx, { storeId, sku, location, quantity: shed }, reason);
    await tx.execute(sql`update inventory.balances
      set on_hand = ${onHand}, reserved = reserved - ${shed}, version = version + 1,
        updated_at = now()
      where store_id = ${storeId} and sku = ${sku} and location = ${location}`);
    const level = await announced(tx, count, before);
    await recordMovement(tx, { ...requested, quantity: onHand - (here?.onHand ?? 0) }, level);
    return { level, epoch, isFirst: before.length === 0 };
  });
