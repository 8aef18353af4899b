// Writes a batch of an import in one transaction: products, collections, events and row results.
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { StoreId } from '../../../domain/ids.ts';
import type {
  ImportCategory,
  PlannedProduct,
  RowResult,
} from '../../../domain/catalogue/imports.ts';
import type { Pg, Tx } from '../client.ts';
import { putProducts, type Upsert } from './bulk.ts';
import { collectionsOfPaths, putCategories } from './category-trees.ts';
import { judge, type Present } from './import-merge.ts';
import type { Import } from './imports.ts';
import { assembleProducts } from './product-rows.ts';
import { products } from '../schema/products.ts';

export interface StockCount {
  row: number;
  sku: string;
  quantity: number;
  productId: string;
}

const listOf = (texts: string[]) =>
  sql`(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;

/** Every product that the batch refers to, locked in the order of ids. */
const lockPresent = async (tx: Tx, storeId: StoreId, batch: PlannedProduct[]): Promise<Present> => {
  const slugs = batch.map(({ slug }) => slug);
  const skus = batch.flatMap(({ variants }) => variants.map(({ variant }) => variant.sku));
  const found = await tx.execute<{ id: string }>(sql`
    select id from products.products where store_id = ${storeId} and slug in ${listOf(slugs)}
    union
    select product_id from products.variants
    where store_id = ${storeId} and sku in ${listOf(skus)}`);
  const ids = found.map(({ id }) => id);
  if (ids.length === 0) return { bySlug: new Map(), bySku: new Map() };
  const rows = await tx
    .select()
    .from(products)
    .where(and(eq(products.storeId, storeId), inArray(products.id, ids)))
    .orderBy(products.id)
    .for('update');
  const present = await assembleProducts(tx, rows);
  return {
    bySlug: new Map(present.map((one) => [one.slug, one])),
    bySku: new Map(present.flatMap((one) => one.variants.map(({ sku }) => [sku, one]))),
  };
};

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
  const rows = onePerRow(results).map(({ productId, ...one }) => ({
    ...one,
    product_id: productId,
  }));
  // A retry after a crash finds its rows unchanged; the first result, succeeded, stays.
  await tx.execute(sql`
    insert into products.import_rows as known
      (import_id, "row", status, code, message, sku, product_id)
    select ${importId}, r.* from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r
      ("row" int, status text, code text, message text, sku text, product_id text)
    on conflict (import_id, "row") do update set status = excluded.status, code = excluded.code,
      message = excluded.message, sku = excluded.sku, product_id = excluded.product_id
    where not (known.status = 'succeeded' and excluded.code is not distinct from 'UNCHANGED')`);
};

/** Records rows that failed after their product was written. */
export const putProblems = (pg: Pg, one: Import, problems: RowResult[]): Promise<void> =>
  pg.transaction('imports.problems', (tx) => putResults(tx, one.id, problems));

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

/**
 * Writes a batch and its row results atomically; only `advanceImport` moves the import on. Returns
 * undefined when the import is paused or another worker has already written the batch.
 */
export const writeBatch = (
  pg: Pg,
  one: Import,
  from: number,
  batch: BatchOfRows,
): Promise<StockCount[] | undefined> =>
  pg.as(one.storeId).transaction('imports.batch', async (tx) => {
    // Locks the import's row first, so that two workers on the same batch wait for each other.
    const locked = await tx.execute<{ id: string }>(sql`
      select id from products.imports where id = ${one.id} and pass = ${one.pass}
        and next_row = ${from} and status = 'running' for update`);
    if (locked.length === 0) return undefined;
    const made = await putCategories(tx, one.storeId, batch.categories);
    const present = await lockPresent(tx, one.storeId, batch.products);
    const paths = batch.products.flatMap(({ categories }) => categories);
    const idsOf = await collectionsOfPaths(tx, one.storeId, paths);
    const judged = batch.products.map((each) => judge(one.storeId, each, present, idsOf));
    await putProducts(tx, onePerProduct(judged.flatMap(({ upsert }) => upsert ?? [])));
    await putResults(tx, one.id, [
      ...batch.broken,
      ...categoryResults(batch.categories, made),
      ...judged.flatMap(({ results }) => results),
    ]);
    return judged.flatMap(({ planned, productId }) =>
      planned.variants.flatMap(({ row, variant, stock: quantity }) =>
        productId && quantity !== undefined ? [{ row, sku: variant.sku, quantity, productId }] : [],
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
