// Products in the read model: read whole and written whole by the product's single writer.
import {
  isInStock,
  writeTimestampUs,
  type ProductDocument,
  type Projected,
} from './product-document.ts';
import { bucketOf } from './listing-keys.ts';
import type { Cassandra, Row } from './client.ts';
import {
  keysOf,
  listed,
  listingDeletes,
  listingWrites,
  stockWrites,
  type ListingKey,
  type Written,
} from './listing-rows.ts';
import type { RowGroups, RowWrite } from './row-groups.ts';
import type { TableSet } from './table-sets.ts';

export interface StoredProduct extends Projected {
  keys: ListingKey[];
}

const FIND = `select product_clock, stock_clock, written_at, deleted, document, stock, keys
  from products_by_id where store_id = ? and product_id = ?`;

const storedOf = (row: Row): StoredProduct => ({
  productClockUs: Number(row['product_clock'] ?? 0),
  stockClockUs: Number(row['stock_clock'] ?? 0),
  writtenAtUs: Number(row['written_at'] ?? 0),
  deleted: Boolean(row['deleted']),
  document: row['document'] ? (JSON.parse(String(row['document'])) as ProductDocument) : undefined,
  stock: (row['stock'] ?? {}) as Record<string, number>,
  keys: row['keys'] ? (JSON.parse(String(row['keys'])) as ListingKey[]) : [],
});

/** The stored state of a product, including the marker of a deleted one. */
export const findStored = async (
  cassandra: Cassandra,
  storeId: string,
  productId: string,
): Promise<StoredProduct | undefined> => {
  const [row] = await cassandra.run('products.find', FIND, [storeId, productId]);
  return row && storedOf(row);
};

export const findIdBySlug = async (
  cassandra: Cassandra,
  storeId: string,
  slug: string,
): Promise<string | undefined> => {
  const query = 'select product_id from products_by_slug where store_id = ? and slug = ?';
  const [row] = await cassandra.run('products.slug', query, [storeId, slug]);
  return row && String(row['product_id']);
};

const INSERT_PRODUCT = `insert into products_by_id (store_id, product_id, product_clock,
  stock_clock, written_at, deleted, document, stock, keys) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
  using timestamp ?`;
const REMEMBER_KEYS = `insert into products_by_id (store_id, product_id, keys) values (?, ?, ?)
  using timestamp ?`;

/**
 * Writes for a slug that may move between products. The new owner takes it under its own clock, and
 * the former owner leaves it under its last one. The product's own timestamp can be later (stock
 * clock, folded events), so it cannot decide.
 */
const slugWrites = (
  storeId: string,
  productId: string,
  before: StoredProduct | undefined,
  { document, productClockUs }: Projected,
): RowWrite[] => {
  const left = before?.document?.slug;
  const writes: RowWrite[] = [];
  const partitionOf = (slug: string): string => `${storeId}/slug/${slug}`;
  if (before && left !== undefined && left !== document?.slug) {
    const query = `delete from products_by_slug using timestamp ?
      where store_id = ? and slug = ?`;
    const params = [BigInt(before.productClockUs), storeId, left];
    writes.push({ partition: partitionOf(left), statement: { query, params } });
  }
  if (document) {
    const query = `insert into products_by_slug (store_id, slug, product_id) values (?, ?, ?)
      using timestamp ?`;
    const params = [storeId, document.slug, productId, BigInt(productClockUs)];
    writes.push({ partition: partitionOf(document.slug), statement: { query, params } });
  }
  return writes;
};

/** True when every row keeps its key and document. */
const isListedAlike = (before: StoredProduct, next: Projected, keys: ListingKey[]): boolean =>
  before.document === next.document &&
  before.deleted === next.deleted &&
  // Keys differ for the same document after an earlier version or an interrupted write.
  JSON.stringify(before.keys) === JSON.stringify(keys);

/** The writes besides the product's own row; for most stock events there are none. */
const otherWrites = (
  written: Written,
  before: StoredProduct | undefined,
  next: Projected,
  keys: ListingKey[],
): RowWrite[] => {
  if (before && isListedAlike(before, next, keys)) {
    return isInStock(before) === isInStock(next) ? [] : stockWrites(written, next, keys);
  }
  return [
    ...listingDeletes(written, before?.keys ?? [], keys),
    ...listingWrites(written, next),
    ...slugWrites(written.storeId, written.productId, before, next),
  ];
};

const ownRow = ({ storeId, productId, timestampUs }: Written, next: Projected, keys: string) => [
  storeId,
  productId,
  BigInt(next.productClockUs),
  BigInt(next.stockClockUs),
  BigInt(timestampUs),
  next.deleted,
  next.document ? JSON.stringify(next.document) : null,
  next.stock,
  keys,
  BigInt(timestampUs),
];

/** Where a product's rows are written: a table set, and the rows of others at the same time. */
export interface ProductTables {
  tables: TableSet;
  rows: RowGroups;
}

/**
 * Writes the changes of a product's rows, under a timestamp above all earlier ones. Every key that
 * a row may have is stored first, so that a retry after a crash knows which rows to delete; the
 * product's own row comes last, to mark the others as complete.
 */
export const putProjected = async (
  { tables, rows }: ProductTables,
  storeId: string,
  productId: string,
  before: StoredProduct | undefined,
  next: Projected,
): Promise<void> => {
  const keys = keysOf(listed(next));
  // The keys are remembered one microsecond earlier, so that the product's own row wins.
  const timestampUs = writeTimestampUs(next) + 1;
  const bucket = bucketOf(productId, tables.buckets);
  const written: Written = { storeId, productId, bucket, timestampUs };
  const others = otherWrites(written, before, next, keys);
  const known = new Set((before?.keys ?? []).map((key) => key.join()));
  const added = keys.filter((key) => !known.has(key.join()));
  const partition = `${storeId}/product/${productId}`;
  if (added.length > 0) {
    const all = JSON.stringify([...(before?.keys ?? []), ...added]);
    const params = [storeId, productId, all, BigInt(timestampUs - 1)];
    await rows.put([{ partition, statement: { query: REMEMBER_KEYS, params } }]);
  }
  await rows.put(others);
  const params = ownRow(written, next, JSON.stringify(keys));
  await rows.put([{ partition, statement: { query: INSERT_PRODUCT, params } }]);
};
