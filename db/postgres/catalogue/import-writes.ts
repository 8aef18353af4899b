// Writes a batch of an import in one transaction: products, collections, events and row results.
import { eq, sql } from 'drizzle-orm';
import { SAMPLES_MAX, type ImportSamples } from '../../../domain/catalogue/import-report.ts';
import type { StoreId } from '../../../domain/ids.ts';
import type {
  ImportCategory,
  PlannedProduct,
  RowResult,
} from '../../../domain/catalogue/imports.ts';
import type { Pg, Tx } from '../client.ts';
import { putProducts, type Upsert } from './bulk.ts';
import { collectionsOfPaths, putCategories } from './category-trees.ts';
import { judge, type Judged } from './import-merge.ts';
import { lockPresent } from './import-present.ts';
import type { Import } from './imports.ts';
import { imports } from '../schema/products.ts';

export interface StockCount {
  row: number;
  sku: string;
  quantity: number;
  productId: string;
  /** The product's name. */
  name: string;
}

/** A product that appears twice in the batch is written once, with its last content. */
const onePerProduct = (upserts: Upsert[]): Upsert[] => {
  const products = new Map<string, Upsert>();
  for (const one of upserts) {
    const isNew = products.get(one.draft.id)?.isNew ?? one.isNew;
    products.set(one.draft.id, { ...one, isNew });
  }
  return [...products.values()];
};

/** Of several results of one row, the worst is kept. */
const onePerRow = (results: RowResult[]): RowResult[] => {
  const worst = { failed: 0, succeeded: 1, skipped: 2 };
  const rows = new Map<number, RowResult>();
  for (const one of results) {
    const known = rows.get(one.row);
    if (!known || worst[one.status] < worst[known.status]) rows.set(one.row, one);
  }
  return [...rows.values()];
};

const putResults = async (tx: Tx, importId: string, results: RowResult[]): Promise<void> => {
  const rows = onePerRow(results).map(({ productId, namedBy, ...one }) => ({
    ...one,
    product_id: productId,
    named_by: namedBy,
  }));
  // A retry after a crash finds its rows unchanged; the first result, succeeded, stays.
  await tx.execute(sql`
    insert into products.import_rows as known
      (import_id, "row", status, code, message, sku, product_id, named_by, effect)
    select ${importId}, r.* from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r
      ("row" int, status text, code text, message text, sku text, product_id text, named_by text,
       effect text)
    on conflict (import_id, "row") do update set status = excluded.status, code = excluded.code,
      message = excluded.message, sku = excluded.sku, product_id = excluded.product_id,
      named_by = excluded.named_by, effect = excluded.effect
    where not (known.status = 'succeeded' and excluded.code is not distinct from 'UNCHANGED')`);
};

/** One batch of a file. */
export interface BatchOfRows {
  products: PlannedProduct[];
  categories: ImportCategory[];
  broken: RowResult[];
}

const categoryResults = (nodes: ImportCategory[], made: Set<string>): RowResult[] =>
  nodes.map(({ row, handle }) =>
    made.has(handle) ? { row, status: 'succeeded' } : { row, status: 'skipped', code: 'UNCHANGED' },
  );

type Samples = Required<ImportSamples>;
type Sampled = { [K in keyof Samples]: [kind: K, one: Samples[K][number]] };

/** Adds what a report shows, as far as there is room; a row is shown once. */
const putSamples = async (
  tx: Tx,
  importId: string,
  more: Sampled[keyof Samples][],
): Promise<void> => {
  const [row] = await tx
    .select({ samples: imports.samples })
    .from(imports)
    .where(eq(imports.id, importId))
    .for('update');
  const samples: Samples = { made: [], changed: [], refused: [], leftOut: [], ...row?.samples };
  let isMore = false;
  for (const [kind, one] of more) {
    const list: { row: number }[] = samples[kind];
    if (list.length >= SAMPLES_MAX || list.some((known) => known.row === one.row)) continue;
    list.push(one);
    isMore = true;
  }
  if (isMore) await tx.update(imports).set({ samples }).where(eq(imports.id, importId));
};

/** The row is taken, and its message says without what. */
const isLeftOut = ({ status, code }: RowResult): boolean =>
  status === 'succeeded' || code === 'UNCHANGED';

const sampledRow = (one: RowResult): Sampled[keyof Samples][] => {
  const { row, status, code, message, sku } = one;
  if (!message) return [];
  if (status === 'failed' && code) return [['refused', { row, code, message, sku }]];
  return isLeftOut(one) ? [['leftOut', { row, message, sku }]] : [];
};

const sampledOf = ({ results, effect, name, productId, planned }: Judged) => {
  const sampled = results.flatMap(sampledRow);
  const first = results.find((one) => one.effect !== undefined);
  if (!first || !effect || name === undefined) return sampled;
  const sku = planned.variants[0]?.variant.sku;
  const sample = { row: first.row, name, sku, productId };
  if (effect.kind === 'made') sampled.push(['made', sample]);
  else sampled.push(['changed', { ...sample, fields: effect.fields }]);
  return sampled;
};

/** Records rows that failed after their product was written. */
export const putProblems = (pg: Pg, one: Import, problems: RowResult[]): Promise<void> =>
  pg.transaction('imports.problems', async (tx) => {
    await putResults(tx, one.id, problems);
    await putSamples(tx, one.id, problems.flatMap(sampledRow));
  });

/** Records products of which the stock alone changes: their rows are not unchanged. */
export const putStockChanges = (pg: Pg, importId: string, changed: StockCount[]): Promise<void> =>
  pg.transaction('imports.stockChanges', async (tx) => {
    const rows = JSON.stringify(changed.map(({ row }) => row));
    const found = await tx.execute<{ row: number }>(sql`
      update products.import_rows set status = 'succeeded', code = null, effect = 'changed'
      where import_id = ${importId} and code = 'UNCHANGED'
        and "row" in (select value::int from jsonb_array_elements_text(${rows}::jsonb))
      returning "row"`);
    const moved = new Set(found.map(({ row }) => row));
    const first = new Map<string, StockCount>();
    for (const one of changed) {
      if (moved.has(one.row) && !first.has(one.productId)) first.set(one.productId, one);
    }
    const samples = [...first.values()].map(({ row, name, sku, productId }): Sampled['changed'] => [
      'changed',
      { row, name, sku, productId, fields: ['stock'] },
    ]);
    await putSamples(tx, importId, samples);
  });

/** Keeps what the file calls each product, so that a later file finds it again. */
const putKeys = async (tx: Tx, one: Import, source: string, judged: Judged[]): Promise<void> => {
  const rows = judged.flatMap(({ planned, productId, results }) =>
    productId && results.some((result) => result.productId)
      ? planned.keys.map((key) => ({ key, product_id: productId }))
      : [],
  );
  if (rows.length === 0) return;
  await tx.execute(sql`
    insert into products.product_keys (store_id, source, key, product_id)
    select ${one.storeId}, ${source}, r.key, r.product_id
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (key text, product_id text)
    on conflict do nothing`);
};

/** Imports of one store write one after the other, so that none makes what another is making. */
const lockStore = (tx: Tx, storeId: StoreId) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`imports/${storeId}`}, 0))`);

/**
 * Writes a batch and its row results atomically; only `advanceImport` moves the import on. A dry
 * run writes the results alone. Returns undefined when the import is paused or another worker has
 * already written the batch.
 */
export const writeBatch = (
  pg: Pg,
  one: Import,
  from: number,
  batch: BatchOfRows,
): Promise<StockCount[] | undefined> =>
  pg.as(one.storeId).transaction('imports.batch', async (tx) => {
    await lockStore(tx, one.storeId);
    // Locks the import's row first, so that two workers on the same batch wait for each other.
    const locked = await tx.execute<{ id: string }>(sql`
      select id from products.imports where id = ${one.id} and pass = ${one.pass}
        and next_row = ${from} and status = 'running' for update`);
    if (locked.length === 0) return undefined;
    const { isDryRun, storeId } = one;
    const source = one.reading?.source ?? one.format;
    const made = await putCategories(tx, storeId, batch.categories, isDryRun);
    const present = await lockPresent(tx, one, source, batch.products);
    const paths = batch.products.flatMap(({ categories }) => categories);
    const idsOf = await collectionsOfPaths(tx, storeId, paths, isDryRun);
    const judged = batch.products.map((each) => judge(storeId, each, present, idsOf));
    if (!isDryRun) {
      await putProducts(tx, onePerProduct(judged.flatMap(({ upsert }) => upsert ?? [])));
      await putKeys(tx, one, source, judged);
    }
    await putResults(tx, one.id, [
      ...batch.broken,
      ...categoryResults(batch.categories, made),
      ...judged.flatMap(({ results }) => results),
    ]);
    const sampled = batch.broken.flatMap(sampledRow).concat(judged.flatMap(sampledOf));
    await putSamples(tx, one.id, sampled);
    return judged.flatMap(({ planned, productId, name = '' }) =>
      planned.variants.flatMap(({ row, variant, stock: quantity }) =>
        productId && quantity !== undefined
          ? [{ row, sku: variant.sku, quantity, productId, name }]
          : [],
      ),
    );
  });

/** Advances an import over written rows. The counts of a retry are updated when it ends. */
export const advanceImport = (pg: Pg, one: Import, from: number, to: number): Promise<boolean> =>
  pg.query('imports.advance', async (db) => {
    const count = (status: RowResult['status']) => sql`(select count(*) from products.import_rows r
      where r.import_id = ${one.id} and r."row" > ${from} and r."row" <= ${to}
        and r.status = ${status}) * ${one.pass === 1 ? 1 : 0}`;
    const moved = await db.execute<{ id: string }>(sql`
      update products.imports set next_row = ${to}, updated_at = now(),
        succeeded = succeeded + ${count('succeeded')}, failed = failed + ${count('failed')},
        skipped = skipped + ${count('skipped')}
      where id = ${one.id} and pass = ${one.pass} and next_row = ${from}
      returning id`);
    return moved.length > 0;
  });
