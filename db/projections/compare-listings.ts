// The listings compared with what their products say of them, also while both are being written.
import { PARTITION } from '../cassandra/listings.ts';
import type { ListingKey } from '../cassandra/listing-rows.ts';
import { findStored } from '../cassandra/products.ts';
import type { TableSet } from '../cassandra/table-sets.ts';
import { bucketOf, OWN_ORDER, SCOPE_ALL, SORTS } from './listing-keys.ts';

const LISTED_PAGE = 2_000;
const DIFFERENCES_MAX = 100;
/** Rows are not read in one moment, nor sets written in one: a difference has to last. */
export const LOOKS = 4;
export const LOOK_EVERY_MS = 100;

/** The rows that a product says it has, as `store/bucket/scope/sort/key/id`. */
export const rowNames = (
  { buckets }: TableSet,
  storeId: string,
  id: string,
  keys: ListingKey[],
): string[] =>
  keys.map(
    ([sort, key, scope = SCOPE_ALL]) =>
      `${storeId}/${bucketOf(id, buckets)}/${scope}/${sort}/${key}/${id}`,
  );

interface Partition {
  storeId: string;
  scope: string;
  sort: string;
  bucket: number;
}

/** Every row of one partition of the listings, by the same names. */
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
      yield `${storeId}/${bucket}/${scope}/${sort}/${key.toString('hex')}/${after[1]}`;
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
const isWrong = async (tables: TableSet, name: string): Promise<boolean> => {
  const [storeId = '', bucket, scope, sort, key = '', id = ''] = name.split('/');
  const query = `select product_id from listings where ${PARTITION}
    and sort_key = ? and product_id = ?`;
  const where = [storeId, scope, sort, Number(bucket), Buffer.from(key, 'hex'), id];
  for (let look = 0; look < LOOKS; look++) {
    const stored = await findStored(tables, storeId, id);
    const rows = await tables.run('compare.row', query, where);
    const names = rowNames(tables, storeId, id, stored?.keys ?? []);
    if (names.includes(name) === rows.length > 0) return false;
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return true;
};

const hashOf = (name: string): bigint => Bun.hash(name);

/** Hashes of names, eight bytes each: a million products have seven million rows. */
const createTally = () => {
  let kept = new BigUint64Array(1_024);
  let length = 0;
  return {
    add: (name: string): void => {
      if (length === kept.length) {
        const wider = new BigUint64Array(2 * length);
        wider.set(kept);
        kept = wider;
      }
      kept[length++] = hashOf(name);
    },
    sorted: (): BigUint64Array => kept.subarray(0, length).sort(),
  };
};

/** What only one of two sorted lists has. */
const onlyIn = (one: BigUint64Array, other: BigUint64Array): Set<bigint> => {
  const only = new Set<bigint>();
  let at = 0;
  for (const hash of one) {
    while (at < other.length && (other[at] as bigint) < hash) at++;
    if (other[at] !== hash) only.add(hash);
  }
  return only;
};

/** Names of rows, as often as they are asked for: they are too many to be kept. */
export type Names = () => AsyncIterable<string> | Iterable<string>;

const tallied = async (names: Names, onName: (name: string) => void = () => undefined) => {
  const tally = createTally();
  for await (const name of names()) {
    tally.add(name);
    onName(name);
  }
  return tally.sorted();
};

/** Rows that no product has written, and rows a product says it has that are not there. */
export const compareRows = async (
  tables: TableSet,
  said: Names,
  stores = new Set<string>(),
): Promise<string[]> => {
  const expected = await tallied(said, (name) => stores.add(name.slice(0, name.indexOf('/'))));
  const there: Names = async function* () {
    for (const storeId of stores) yield* eachListing(tables, storeId);
  };
  const present = await tallied(there);
  const differences: string[] = [];
  const judge = async (what: string, names: Names, suspects: Set<bigint>): Promise<void> => {
    if (suspects.size === 0) return;
    for await (const name of names()) {
      if (differences.length > DIFFERENCES_MAX) return;
      if (!suspects.has(hashOf(name))) continue;
      if (await isWrong(tables, name)) differences.push(`${what} row ${name}`);
    }
  };
  await judge('ghost', there, onlyIn(present, expected));
  await judge('missing', said, onlyIn(expected, present));
  return differences;
};
