// Compares the read model by hash: with another table set, with its own listings, with Postgres.
import { createHash } from 'node:crypto';
import { and, asc, eq, gt } from 'drizzle-orm';
import type { StoreId } from '../../domain/ids.ts';
import type { Cassandra, Row } from '../cassandra/client.ts';
import type { TableSet } from '../cassandra/table-sets.ts';
import { keysOf, listed, type ListingKey } from '../cassandra/listing-rows.ts';
import { findStored, type StoredProduct } from '../cassandra/products.ts';
import { create, fromBinary } from '@bufbuild/protobuf';
import { ProductChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { productChanged } from '../kafka/events.ts';
import { assembleProducts } from '../postgres/catalogue/product-rows.ts';
import type { Pg } from '../postgres/client.ts';
import { products } from '../postgres/schema/products.ts';
import { bucketOf, OWN_ORDER, SCOPE_ALL, SORTS } from '../cassandra/listing-keys.ts';
import { PARTITION } from '../cassandra/listings.ts';
import type { ProductDocument } from '../cassandra/product-document.ts';
import { documentOf } from './document.ts';

const PAGE = 500;
const DIFFERENCES_MAX = 100;
const LISTED_PAGE = 2_000;
/**
 * Reads per suspected difference: rows are not read at one point in time, so a difference must
 * persist.
 */
const POLLS_MAX = 4;
const POLL_MS = 100;

/** One line per difference, for operators. */
type Differences = string[];

interface Compared {
  compared: number;
  differences: Differences;
}

interface Product {
  storeId: string;
  id: string;
  clocks: string;
  productClockUs: number;
  isDeleted: boolean;
  /** The version of the shown document; undefined for a deleted product or one with stock only. */
  version: number | undefined;
  content: string;
  keys: ListingKey[];
  /** Whether the keys are those that the document has now; an earlier version made others. */
  areKeysOwn: boolean;
  slug: string | undefined;
}

const withSortedKeys = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/**
 * A hash of JSON values that ignores the order of object keys: Postgres' jsonb returns a product's
 * attributes in another order than they were written.
 */
export const hashOf = (...values: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(values, withSortedKeys)).digest('hex');

const productOf = (row: Row): Product => {
  const document = row['document']
    ? (JSON.parse(String(row['document'])) as ProductDocument)
    : undefined;
  const deleted = Boolean(row['deleted']);
  const keys = String(row['keys'] ?? '[]');
  return {
    storeId: String(row['store_id']),
    id: String(row['product_id']),
    clocks: `${row['product_clock'] ?? 0}/${row['stock_clock'] ?? 0}`,
    productClockUs: Number(row['product_clock'] ?? 0),
    isDeleted: deleted,
    version: document?.version,
    content: hashOf(deleted, document, row['stock'] ?? {}),
    keys: JSON.parse(keys) as ListingKey[],
    areKeysOwn: keys === JSON.stringify(keysOf(listed({ deleted, document }))),
    slug: document?.slug,
  };
};

/** Every product of a set, in token order, with bounded memory. */
export async function* pagesOf(cassandra: Cassandra): AsyncGenerator<Product[]> {
  const columns = `store_id, product_id, product_clock, stock_clock, deleted, document, stock, keys,
    token(store_id, product_id) as row_token`;
  const first = `select ${columns} from products_by_id limit ?`;
  const next = `select ${columns} from products_by_id
    where token(store_id, product_id) > ? limit ?`;
  let rows = await cassandra.run('compare.first', first, [PAGE]);
  while (rows.length > 0) {
    yield rows.map(productOf);
    rows = await cassandra.run('compare.next', next, [rows.at(-1)?.['row_token'], PAGE]);
  }
}

async function* eachProduct(cassandra: Cassandra): AsyncGenerator<Product> {
  for await (const page of pagesOf(cassandra)) yield* page;
}

/** The rows that a product's keys name, as `store/bucket/scope/sort/key/id`. */
const rowNames = (
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

/** True when a row and its product's keys still differ after several reads. */
const isWrong = async (tables: TableSet, name: string): Promise<boolean> => {
  const [storeId = '', bucket, scope, sort, key = '', id = ''] = name.split('/');
  const query = `select product_id from listings where ${PARTITION}
    and sort_key = ? and product_id = ?`;
  const where = [storeId, scope, sort, Number(bucket), Buffer.from(key, 'hex'), id];
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const stored = await findStored(tables, storeId, id);
    const rows = await tables.run('compare.row', query, where);
    const names = rowNames(tables, storeId, id, stored?.keys ?? []);
    if (names.includes(name) === rows.length > 0) return false;
    await Bun.sleep(POLL_MS);
  }
  return true;
};

const nameHash = (name: string): bigint => Bun.hash(name);

/** Hashes of names, eight bytes each: a million products have seven million rows. */
const createTally = () => {
  let kept = new BigUint64Array(1_024);
  let length = 0;
  return {
    add: (name: string): void => {
      if (length === kept.length) {
        const larger = new BigUint64Array(2 * length);
        larger.set(kept);
        kept = larger;
      }
      kept[length++] = nameHash(name);
    },
    sorted: (): BigUint64Array => kept.subarray(0, length).sort(),
  };
};

/** The hashes that only the first of two sorted lists has. */
const onlyIn = (one: BigUint64Array, other: BigUint64Array): Set<bigint> => {
  const only = new Set<bigint>();
  let at = 0;
  for (const hash of one) {
    while (at < other.length && (other[at] as bigint) < hash) at++;
    if (other[at] !== hash) only.add(hash);
  }
  return only;
};

/** Produces the row names anew on each call, because they are too many to keep in memory. */
type Names = () => AsyncIterable<string> | Iterable<string>;

const tallied = async (names: Names, onName: (name: string) => void = () => undefined) => {
  const tally = createTally();
  for await (const name of names()) {
    tally.add(name);
    onName(name);
  }
  return tally.sorted();
};

/** Listing rows without a product, and rows that a product names but that are missing. */
const compareRows = async (
  tables: TableSet,
  named: Names,
  stores = new Set<string>(),
): Promise<string[]> => {
  const expected = await tallied(named, (name) => stores.add(name.slice(0, name.indexOf('/'))));
  const there: Names = async function* () {
    for (const storeId of stores) yield* eachListing(tables, storeId);
  };
  const present = await tallied(there);
  const differences: string[] = [];
  const judge = async (what: string, names: Names, suspects: Set<bigint>): Promise<void> => {
    if (suspects.size === 0) return;
    for await (const name of names()) {
      if (differences.length > DIFFERENCES_MAX) return;
      if (!suspects.has(nameHash(name))) continue;
      if (await isWrong(tables, name)) differences.push(`${what} row ${name}`);
    }
  };
  await judge('ghost', there, onlyIn(present, expected));
  await judge('missing', named, onlyIn(expected, present));
  return differences;
};

/** Compares the listings of every store with the keys stored on its products. */
export const compareListings = async (tables: TableSet): Promise<Differences> => {
  const named = async function* () {
    for await (const { storeId, id, keys } of eachProduct(tables)) {
      yield* rowNames(tables, storeId, id, keys);
    }
  };
  return (await compareRows(tables, named)).slice(0, DIFFERENCES_MAX);
};

const findIn = async (set: Cassandra, { storeId, id }: Product): Promise<Product | undefined> => {
  const query = `select store_id, product_id, product_clock, stock_clock, deleted, document,
    stock, keys from products_by_id where store_id = ? and product_id = ?`;
  const [row] = await set.run('compare.one', query, [storeId, id]);
  return row && productOf(row);
};

/** What is wrong with a product of a rebuilt set beside the live one's; undefined for nothing. */
const wrongIn = (one: Product, other: Product | undefined): string | undefined => {
  if (!other) return 'not in the live set';
  if (other.clocks === one.clocks && other.content !== one.content) {
    return 'other content under the same clocks';
  }
  return one.areKeysOwn ? undefined : 'other keys than its document has';
};

/** A difference that persists: either set may lag behind, or be about to write the product. */
const differenceIn = async (
  rebuilt: Cassandra,
  live: Cassandra,
  found: Product,
): Promise<string | undefined> => {
  let one = found;
  for (let poll = 1; ; poll++) {
    const wrong = wrongIn(one, await findIn(live, one));
    if (wrong === undefined || poll === POLLS_MAX) return wrong;
    await Bun.sleep(POLL_MS);
    one = (await findIn(rebuilt, one)) ?? one;
  }
};

/**
 * Compares a rebuilt set with the live one, whose keys may be an earlier version's; products that
 * changed since are skipped.
 */
export const compareSets = async (rebuilt: Cassandra, live: Cassandra): Promise<Compared> => {
  const differences: Differences = [];
  let compared = 0;
  for await (const one of eachProduct(rebuilt)) {
    const wrong = await differenceIn(rebuilt, live, one);
    if (wrong) differences.push(`${one.storeId}/${one.id}: ${wrong}`);
    compared++;
    if (differences.length > DIFFERENCES_MAX) break;
  }
  return { compared, differences };
};

/** Every product in Postgres in id order; of one store when `storeId` is given. */
async function* eachWritten(pg: Pg, storeId?: StoreId) {
  const ofStore = storeId && eq(products.storeId, storeId);
  for (let after = ''; ;) {
    const page = await pg.query('compare.products', async (db) => {
      const rows = await db
        .select()
        .from(products)
        .where(and(ofStore, gt(products.id, after)))
        .orderBy(asc(products.id))
        .limit(PAGE);
      return assembleProducts(db, rows);
    });
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    after = last.id;
  }
}

/** The document made from the product's own event. */
const writtenDocument = (product: Parameters<typeof productChanged>[0]): ProductDocument => {
  const { value } = productChanged(product);
  return documentOf(create(ProductChangedSchema, fromBinary(ProductChangedSchema, value)));
};

const differenceOf = (
  product: Parameters<typeof productChanged>[0],
  stored: StoredProduct | undefined,
): Differences => {
  const name = `${product.storeId}/${product.id}`;
  if (!stored?.document) return [`${name}: not projected`];
  if (stored.productClockUs !== product.clockUs) return [`${name}: another clock`];
  const isSame = hashOf(stored.document) === hashOf(writtenDocument(product));
  return isSame ? [] : [`${name}: another content`];
};

/**
 * Promise P3: every product's version and content are equal in both, deleted ones are absent, and
 * there are no others.
 */
export const compareWithPostgres = async (pg: Pg, tables: TableSet): Promise<Compared> => {
  const differences: Differences = [];
  const written = new Set<string>();
  for await (const product of eachWritten(pg)) {
    written.add(product.id);
    const stored = await findStored(tables, product.storeId, product.id);
    differences.push(...differenceOf(product, stored));
  }
  for await (const { storeId, id, isDeleted, slug } of eachProduct(tables)) {
    const isExtra = !written.has(id) && !isDeleted && slug !== undefined;
    if (isExtra) differences.push(`${storeId}/${id}: not in Postgres, still shown`);
  }
  differences.push(...(await compareListings(tables)));
  return { compared: written.size, differences: differences.slice(0, DIFFERENCES_MAX) };
};

/** The same for one store: its products and all of its listing rows. */
export const compareStore = async (
  pg: Pg,
  tables: TableSet,
  storeId: StoreId,
): Promise<Compared> => {
  const differences: Differences = [];
  const rows: string[] = [];
  let compared = 0;
  for await (const product of eachWritten(pg, storeId)) {
    compared++;
    const stored = await findStored(tables, storeId, product.id);
    differences.push(...differenceOf(product, stored));
    rows.push(...rowNames(tables, storeId, product.id, stored?.keys ?? []));
  }
  differences.push(...(await compareRows(tables, () => rows, new Set([storeId]))));
  return { compared, differences: differences.slice(0, DIFFERENCES_MAX) };
};
