// Products on the read side: read whole, written whole, by one writer a product.
import {
  isInStock,
  writeTimestampUs,
  type ProductDocument,
  type Projected,
} from '../projections/document.ts';
import { bucketOf } from '../projections/listing-keys.ts';
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

/** Cassandra refuses batches of 640 KiB unless it is told otherwise. */
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

/** Everything the read side knows of a product, its marker when deleted included. */
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
 * A slug passes from one product to another, and only products' clocks say who had it last: it
 * is taken under the clock of who takes it, and left under the last one of its owner's. The write's
 * own timestamp may be later, by the stock's clock or by what was folded into it since.
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
  /** The product's own row, which says that the others are there. */
  own: Statement;
  others: Statement[];
  keys: ListingKey[];
}

/**
 * What is too large for one batch is written row by row: first which rows there may be, so that
 * whoever comes after a crash knows which to delete; in the end the product's own row.
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

/** Whether every row stands where it stood, with the same document. */
const isListedAlike = (before: StoredProduct, next: Projected, keys: ListingKey[]): boolean =>
  before.document === next.document &&
  before.deleted === next.deleted &&
  // Other keys for the same document: an earlier version wrote them, or a large write was cut off.
  JSON.stringify(before.keys) === JSON.stringify(keys);

/** What changes beside the product's own row: of most news of stock, nothing. */
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
 * Writes what changes of a product's rows in one logged batch, under one timestamp above all
 * earlier ones.
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
