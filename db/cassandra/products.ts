// Products in the read model: read whole and written whole by the product's single writer.
import {
  isInStock,
  writeTimestampUs,
  type ProductDocument,
  type Projected,
} from './product-document.ts';
import { bucketOf } from './listing-keys.ts';
import type { Cassandra, Row, Statement } from './client.ts';
import {
  keysOf,
  listed,
  listingDeletes,
  listingWrites,
  stockWrites,
  type ListingKey,
  type Partition,
} from './listing-rows.ts';
import type { TableSet } from './table-sets.ts';

export interface StoredProduct extends Projected {
  keys: ListingKey[];
}

/** Largest batch in bytes; Cassandra's default refuses batches of 640 KiB. */
const BATCH_BYTES_MAX = 320 * 1024;

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
  stock_clock, written_at, deleted, document, stock, keys) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/**
 * Writes for a slug that may move between products. The new owner takes it under its own clock, and
 * the former owner leaves it under its last one. The batch's own timestamp can be later (stock
 * clock, folded events), so it cannot decide.
 */
const slugWrites = (
  storeId: string,
  productId: string,
  before: StoredProduct | undefined,
  { document, productClockUs }: Projected,
): Statement[] => {
  const left = before?.document?.slug;
  const writes: Statement[] = [];
  if (before && left !== undefined && left !== document?.slug) {
    const query = `delete from products_by_slug using timestamp ?
      where store_id = ? and slug = ?`;
    writes.push({ query, params: [BigInt(before.productClockUs), storeId, left] });
  }
  if (document) {
    const query = `insert into products_by_slug (store_id, slug, product_id) values (?, ?, ?)
      using timestamp ?`;
    writes.push({ query, params: [storeId, document.slug, productId, BigInt(productClockUs)] });
  }
  return writes;
};

const sizeOf = ({ params }: Statement): number =>
  params.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0);

const REMEMBER_KEYS = 'insert into products_by_id (store_id, product_id, keys) values (?, ?, ?)';

interface Rows {
  storeId: string;
  productId: string;
  /** The product's own row, written last to mark the others as complete. */
  own: Statement;
  others: Statement[];
  keys: ListingKey[];
}

/**
 * Writes a product that exceeds one batch row by row. The possible keys are stored first, so that a
 * retry after a crash knows which rows to delete. The product's own row is last.
 */
const putOneByOne = async (
  cassandra: Cassandra,
  { storeId, productId, own, others, keys }: Rows,
  timestampUs: number,
): Promise<void> => {
  const name = 'products.put-large';
  const params = [storeId, productId, JSON.stringify(keys)];
  await cassandra.batch(name, [{ query: REMEMBER_KEYS, params }], timestampUs - 1);
  for (const one of others) await cassandra.batch(name, [one], timestampUs);
  await cassandra.batch(name, [own], timestampUs);
};

/** True when every row keeps its key and document. */
const isListedAlike = (before: StoredProduct, next: Projected, keys: ListingKey[]): boolean =>
  before.document === next.document &&
  before.deleted === next.deleted &&
  // Keys differ for the same document after an earlier version or an interrupted large write.
  JSON.stringify(before.keys) === JSON.stringify(keys);

/** The writes besides the product's own row; for most stock events there are none. */
const otherWrites = (
  partition: Partition,
  before: StoredProduct | undefined,
  next: Projected,
  keys: ListingKey[],
): Statement[] => {
  if (before && isListedAlike(before, next, keys)) {
    return isInStock(before) === isInStock(next) ? [] : stockWrites(partition, next, keys);
  }
  return [
    ...listingDeletes(partition, before?.keys ?? [], keys),
    ...listingWrites(partition, next),
    ...slugWrites(partition.storeId, partition.productId, before, next),
  ];
};

/**
 * Writes the changes of a product's rows in one logged batch, under a timestamp above all earlier
 * ones.
 */
export const putProjected = async (
  tables: TableSet,
  storeId: string,
  productId: string,
  before: StoredProduct | undefined,
  next: Projected,
): Promise<void> => {
  const keys = keysOf(listed(next));
  const partition = { storeId, productId, bucket: bucketOf(productId, tables.buckets) };
  const others = otherWrites(partition, before, next, keys);
  const isLarge = others.reduce((sum, one) => sum + sizeOf(one), 0) > BATCH_BYTES_MAX;
  const timestampUs = writeTimestampUs(next) + (isLarge ? 1 : 0);
  const own = {
    query: INSERT_PRODUCT,
    params: [
      storeId,
      productId,
      BigInt(next.productClockUs),
      BigInt(next.stockClockUs),
      BigInt(timestampUs),
      next.deleted,
      next.document ? JSON.stringify(next.document) : null,
      next.stock,
      JSON.stringify(keys),
    ],
  };
  if (!isLarge) return tables.batch('products.put', [own, ...others], timestampUs);
  const all = [...(before?.keys ?? []), ...keys];
  await putOneByOne(tables, { storeId, productId, own, others, keys: all }, timestampUs);
};
