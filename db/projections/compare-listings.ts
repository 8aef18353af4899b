// The listings compared with what their products say of them, also while both are being written.
import { PARTITION } from '../cassandra/listings.ts';
import { findStored, type ListingKey } from '../cassandra/products.ts';
import type { TableSet } from '../cassandra/table-sets.ts';
import { bucketOf, OWN_ORDER, SCOPE_ALL, SORTS } from './listing-keys.ts';

const LISTED_PAGE = 2_000;
const DIFFERENCES_MAX = 100;
/** Rows are not read in one moment, nor sets written in one: a difference has to last. */
export const LOOKS = 4;
export const LOOK_EVERY_MS = 100;

/** The rows that a product says it has, as `bucket/scope/sort/key/id`. */
export const rowNames = ({ buckets }: TableSet, id: string, keys: ListingKey[]): string[] =>
  keys.map(
    ([sort, key, scope = SCOPE_ALL]) => `${bucketOf(id, buckets)}/${scope}/${sort}/${key}/${id}`,
  );

interface Partition {
  storeId: string;
  scope: string;
  sort: string;
  bucket: number;
}

/** Every row of one partition of the listings, as `bucket/scope/sort/key/id`. */
async function* eachRow(
  tables: TableSet,
  { storeId, scope, sort, bucket }: Partition,
): AsyncGenerator<string> {
  const query = `select sort_key, product_id from listings where ${PARTITION}
    and (sort_key, product_id) > (?, ?) limit ?`;
  let after: [Buffer, string] = [Buffer.alloc(0), ''];
  for (let isMore = true; isMore;) {
    const where = [storeId, scope, sort, bucket, ...after, LISTED_PAGE];
    const rows = await tables.run('compare.listings', query, where);
    for (const row of rows) {
      const key = row['sort_key'] as Buffer;
      after = [key, String(row['product_id'])];
      yield `${bucket}/${scope}/${sort}/${key.toString('hex')}/${after[1]}`;
    }
    isMore = rows.length === LISTED_PAGE;
  }
}

/** Every listing row of a store. */
async function* eachListing(tables: TableSet, storeId: string): AsyncGenerator<string> {
  const query = 'select collection_id from collections_by_store where store_id = ?';
  const collections = await tables.run('compare.collections', query, [storeId]);
  const orders = [
    ...SORTS.map((sort) => ({ scope: SCOPE_ALL, sort })),
    ...collections.map((row) => ({ scope: String(row['collection_id']), sort: OWN_ORDER })),
  ];
  for (const order of orders) {
    for (let bucket = 0; bucket < tables.buckets; bucket++) {
      yield* eachRow(tables, { storeId, ...order, bucket });
    }
  }
}

/** Whether a row and what its product says of it differ for good. */
const isWrong = async (tables: TableSet, storeId: string, name: string): Promise<boolean> => {
  const [bucket, scope, sort, key = '', id = ''] = name.split('/');
  const query = `select product_id from listings where ${PARTITION}
    and sort_key = ? and product_id = ?`;
  const where = [storeId, scope, sort, Number(bucket), Buffer.from(key, 'hex'), id];
  for (let look = 0; look < LOOKS; look++) {
    const stored = await findStored(tables, storeId, id);
    const rows = await tables.run('compare.row', query, where);
    if (rowNames(tables, id, stored?.keys ?? []).includes(name) === rows.length > 0) return false;
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return true;
};

/** Rows that no product has written, and rows a product says it has that are not there. */
export const compareRows = async (
  tables: TableSet,
  storeId: string,
  expected: Set<string>,
): Promise<string[]> => {
  const differences: string[] = [];
  const judge = async (name: string, what: string): Promise<void> => {
    if (differences.length > DIFFERENCES_MAX) return;
    if (await isWrong(tables, storeId, name)) differences.push(`${storeId}: ${what} row ${name}`);
  };
  for await (const row of eachListing(tables, storeId)) {
    if (!expected.delete(row)) await judge(row, 'ghost');
  }
  for (const row of expected) await judge(row, 'missing');
  return differences;
};
