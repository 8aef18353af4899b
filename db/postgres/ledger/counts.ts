// Sets many skus' on-hand counts from a file, in one transaction and once per id.
import { sql } from 'drizzle-orm';
import { DEFAULT_LOCATION, type StockLevel } from '../../../domain/stock.ts';
import type { Pg, Tx } from '../client.ts';
import { flippedProducts, levelsOf, listed, lockBalances, readBalances } from './balances.ts';
import type { Balance } from './balances.ts';
import { shareEpoch } from './epoch.ts';
import { announce } from './stock-events.ts';

export interface SkuCount {
  sku: string;
  onHand: number;
  productId: string;
}

export interface Counts {
  storeId: string;
  counts: SkuCount[];
  adjustmentId: string;
  reason: string;
}

export interface CountsAnswer {
  levels: StockLevel[];
  epoch: number;
  /** Skus that were new to the ledger. */
  firsts: Set<string>;
  /** Skus with more units reserved than counted. */
  refused: string[];
}

/** Serialises first counts of a sku; sorted, so that two callers do not deadlock. */
const lockSkus = (tx: Tx, storeId: string, skus: string[]) =>
  tx.execute(sql`
    select pg_advisory_xact_lock(hashtextextended(name, 0)) from (
      select ${storeId} || '/' || sku as name
      from unnest(string_to_array(${listed(skus)}, chr(31))) as sku order by sku) as names`);

const countedBefore = async (tx: Tx, { storeId, adjustmentId }: Counts): Promise<Set<string>> => {
  const rows = await tx.execute<{ sku: string }>(sql`
    select sku from inventory.movements
    where store_id = ${storeId} and reference = ${adjustmentId} and kind = 'adjusted'`);
  return new Set(rows.map(({ sku }) => sku));
};

const putBalances = async (tx: Tx, storeId: string, counts: SkuCount[]): Promise<void> => {
  const rows = JSON.stringify(counts);
  await tx.execute(sql`
    insert into inventory.balances as b
      (store_id, sku, location, product_id, on_hand, reserved, version)
    select ${storeId}, r.sku, ${DEFAULT_LOCATION}, r."productId", r."onHand", 0, 1
    from jsonb_to_recordset(${rows}::text::jsonb) as r (sku text, "onHand" int, "productId" text)
    on conflict (store_id, sku, location) do update set on_hand = excluded.on_hand,
      product_id = excluded.product_id, version = b.version + 1, updated_at = now()`);
  await tx.execute(sql`
    update inventory.balances b set product_id = r."productId"
    from jsonb_to_recordset(${rows}::text::jsonb) as r (sku text, "productId" text)
    where b.store_id = ${storeId} and b.sku = r.sku and b.product_id <> r."productId"`);
};

const putMovements = async (
  tx: Tx,
  { storeId, adjustmentId, reason }: Counts,
  counts: SkuCount[],
  hereBefore: Map<string, Balance>,
  levels: StockLevel[],
): Promise<void> => {
  const after = new Map(levels.map((level) => [level.sku, level]));
  const rows = counts.map(({ sku, onHand }) => ({
    sku,
    quantity: onHand - (hereBefore.get(sku)?.onHand ?? 0),
    counted: onHand,
    on_hand: after.get(sku)?.onHand,
    reserved: after.get(sku)?.reserved,
    version: after.get(sku)?.version,
  }));
  await tx.execute(sql`
    insert into inventory.movements (store_id, sku, location, kind, quantity, counted, reference,
      reason, on_hand_after, reserved_after, version_after)
    select ${storeId}, r.sku, ${DEFAULT_LOCATION}, 'adjusted', r.quantity, r.counted,
      ${adjustmentId}, ${reason}, r.on_hand, r.reserved, r.version
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (sku text, quantity int,
      counted int, on_hand int, reserved int, version bigint)`);
};

/** Publishes sold out and back in stock immediately, every other change soon. */
const publishChanges = async (tx: Tx, storeId: string, before: Balance[], after: Balance[]) => {
  const owners = new Map(before.map(({ sku, productId }) => [sku, productId]));
  const flipped = new Set(flippedProducts(before, after));
  for (const { sku, productId } of after) {
    const former = owners.get(sku);
    if (former === productId) continue;
    flipped.add(productId);
    if (former) flipped.add(former);
  }
  await announce(tx, storeId, [...flipped]);
  const quiet = after.map(({ productId }) => productId).filter((id) => !flipped.has(id));
  if (quiet.length === 0) return;
  await tx.execute(sql`insert into inventory.stock_changes (store_id, product_id)
    select ${storeId}, id from unnest(string_to_array(${listed(quiet)}, chr(31))) as id`);
};

/** Sets each sku's on-hand at the default location; an equal count changes nothing. */
export const setCounts = (pg: Pg, input: Counts): Promise<CountsAnswer> =>
  pg.transaction('stock.setCounts', async (tx) => {
    const epoch = await shareEpoch(tx);
    const { storeId, counts } = input;
    const skus = counts.map(({ sku }) => sku);
    await lockSkus(tx, storeId, skus);
    const before = await lockBalances(tx, storeId, skus);
    const here = new Map(
      before.filter(({ location }) => location === DEFAULT_LOCATION).map((one) => [one.sku, one]),
    );
    const done = await countedBefore(tx, input);
    const isRefused = ({ sku, onHand }: SkuCount): boolean =>
      onHand < (here.get(sku)?.reserved ?? 0);
    const changed = counts.filter((count) => {
      const { sku, onHand, productId } = count;
      const known = here.get(sku);
      const isSame = known?.onHand === onHand && known.productId === productId;
      return !isRefused(count) && !done.has(sku) && !isSame;
    });
    const refused = counts.filter(isRefused).map(({ sku }) => sku);
    if (changed.length === 0) return { levels: [], epoch, firsts: new Set(), refused };
    await putBalances(tx, storeId, changed);
    const names = changed.map(({ sku }) => sku);
    const after = await readBalances(tx, storeId, names);
    const levels = levelsOf(names, after);
    await putMovements(tx, input, changed, here, levels);
    await publishChanges(
      tx,
      storeId,
      before.filter(({ sku }) => names.includes(sku)),
      after,
    );
    const known = new Set(before.map(({ sku }) => sku));
    return { levels, epoch, firsts: new Set(names.filter((sku) => !known.has(sku))), refused };
  });
