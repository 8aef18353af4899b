// Units on hand in the ledger: received, counted, read.
import { sql } from 'drizzle-orm';
import { DomainError, invalid } from '../../domain/errors.ts';
import { DEFAULT_LOCATION, STOCK_QUANTITY_MAX, type StockLevel } from '../../domain/stock.ts';
import type { Pg, Tx } from './client.ts';
import { announceFlips, balancesOf, type Balance } from './stock-rows.ts';
import { movements } from './schema/inventory.ts';

/** Levels of these skus in the ledger; a sku never received has zeros and version 0. */
export const listLevels = (pg: Pg, storeId: string, skus: string[]): Promise<StockLevel[]> =>
  pg.query('stock.listLevels', async (db) => {
    const balances = await balancesOf(db, storeId, skus, false);
    return skus.map((sku) => balances.get(sku) ?? emptyLevel(sku));
  });

export const emptyLevel = (sku: string): StockLevel => ({
  sku,
  onHand: 0,
  reserved: 0,
  available: 0,
  version: 0,
});

interface Movement {
  storeId: string;
  sku: string;
  kind: 'received' | 'adjusted';
  quantity: number;
  reference: string;
  reason: string;
}

/** False when this very movement was recorded before. */
const record = async (tx: Tx, movement: Movement): Promise<boolean> => {
  const rows = await tx
    .insert(movements)
    .values({ ...movement, location: DEFAULT_LOCATION })
    .onConflictDoNothing()
    .returning({ id: movements.id });
  return rows.length > 0;
};

const assertSameReceipt = async (tx: Tx, receipt: Receipt): Promise<void> => {
  const [first] = await tx.execute<{ quantity: number }>(sql`
    select quantity from inventory.movements
    where store_id = ${receipt.storeId} and reference = ${receipt.receiptId}
      and kind = 'received' and sku = ${receipt.sku}`);
  if (first?.quantity === receipt.quantity) return;
  throw new DomainError('RESERVATION_REUSED', 'this receipt id was used with another quantity');
};

const productIdOf = (present: Balance | undefined, given: string): string => {
  const productId = present?.productId || given;
  if (!productId) throw invalid('productId', 'is needed the first time a sku has stock');
  return productId;
};

interface Place {
  storeId: string;
  sku: string;
  productId: string;
}

/** A row of zeros where there is none, so that two first comers wait for each other. */
const openBalance = async (tx: Tx, { storeId, sku, productId }: Place): Promise<void> => {
  await tx.execute(sql`
    insert into inventory.balances
      (store_id, sku, location, product_id, on_hand, reserved, version)
    values (${storeId}, ${sku}, ${DEFAULT_LOCATION}, ${productId}, 0, 0, 0)
    on conflict do nothing`);
};

const changeOnHand = async (tx: Tx, { storeId, sku }: Place, quantity: number): Promise<void> => {
  await tx.execute(sql`
    update inventory.balances
    set on_hand = on_hand + ${quantity}, version = version + 1, updated_at = now()
    where store_id = ${storeId} and sku = ${sku} and location = ${DEFAULT_LOCATION}`);
};

const levelAfter = async (
  tx: Tx,
  storeId: string,
  sku: string,
  before: Map<string, Balance>,
): Promise<StockLevel> => {
  const after = await balancesOf(tx, storeId, [sku], false);
  const level = after.get(sku);
  if (!level) throw new Error('a balance vanished inside its own transaction');
  if (level.onHand > STOCK_QUANTITY_MAX) throw invalid('quantity', 'makes more than can be kept');
  await announceFlips(tx, storeId, before, [level]);
  return level;
};

export interface Receipt {
  storeId: string;
  receiptId: string;
  sku: string;
  quantity: number;
  productId: string;
}

/** Adds units once per receipt id. INVALID_INPUT without a product, RESERVATION_REUSED. */
export const receiveStock = (pg: Pg, receipt: Receipt): Promise<StockLevel> =>
  pg.transaction('stock.receive', async (tx) => {
    const { storeId, sku, quantity } = receipt;
    const movement = { storeId, sku, quantity, reference: receipt.receiptId, reason: '' };
    const isNew = await record(tx, { ...movement, kind: 'received' });
    const before = await balancesOf(tx, storeId, [sku], true);
    if (!isNew) {
      await assertSameReceipt(tx, receipt);
      return before.get(sku) ?? emptyLevel(sku);
    }
    const productId = productIdOf(before.get(sku), receipt.productId);
    await openBalance(tx, { storeId, sku, productId });
    await changeOnHand(tx, { storeId, sku, productId }, quantity);
    return levelAfter(tx, storeId, sku, before);
  });

export interface Count {
  storeId: string;
  sku: string;
  onHand: number;
  productId: string;
  expectedVersion: number | undefined;
  reason: string;
  reference: string;
}

const assertCountable = (count: Count, present: StockLevel): void => {
  const { expectedVersion, onHand } = count;
  if (expectedVersion !== undefined && expectedVersion !== present.version) {
    throw new DomainError('VERSION_MISMATCH', 'the stock has changed since it was read', {
      facts: { version: present.version },
    });
  }
  if (onHand < present.reserved) {
    throw new DomainError('STOCK_BELOW_RESERVED', `${present.reserved} units are reserved`, {
      facts: { reserved: present.reserved },
    });
  }
};

/** Makes on-hand equal to a count. STOCK_BELOW_RESERVED, VERSION_MISMATCH, INVALID_INPUT. */
export const adjustStock = (pg: Pg, count: Count): Promise<StockLevel> =>
  pg.transaction('stock.adjust', async (tx) => {
    const { storeId, sku } = count;
    const seen = await balancesOf(tx, storeId, [sku], false);
    const productId = productIdOf(seen.get(sku), count.productId);
    await openBalance(tx, { storeId, sku, productId });
    const locked = await balancesOf(tx, storeId, [sku], true);
    const present = locked.get(sku) ?? emptyLevel(sku);
    assertCountable(count, present);
    const difference = count.onHand - present.onHand;
    if (difference !== 0) {
      const { reference, reason } = count;
      const movement = { storeId, sku, quantity: difference, reference, reason };
      await record(tx, { ...movement, kind: 'adjusted' });
      await changeOnHand(tx, { storeId, sku, productId }, difference);
    }
    return levelAfter(tx, storeId, sku, seen.size > 0 ? locked : new Map());
  });
