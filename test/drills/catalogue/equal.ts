// Checks P3: compares a store in Postgres with every table of the read side, by hash.
import { listCollections } from '../../../db/cassandra/collections.ts';
import { PARTITION } from '../../../db/cassandra/listings.ts';
import { findIdBySlug, findStored, type StoredProduct } from '../../../db/cassandra/products.ts';
import type { TableSet } from '../../../db/cassandra/table-sets.ts';
import { compareStore } from '../../../db/projections/compare.ts';
import { isInStock } from '../../../db/cassandra/product-document.ts';
import { bucketOf, SCOPE_ALL } from '../../../db/cassandra/listing-keys.ts';
import { vocabularyOf } from '../../../db/cassandra/listing-text.ts';
import type { Pg } from '../../../db/postgres/client.ts';
import type { StoreId } from '../../../domain/ids.ts';
import type { Broken } from '../at-rest.ts';
import type { Shop } from '../../support/shop.ts';
import type { Seen } from './witness.ts';

interface Sides {
  shop: Shop;
  pg: Pg;
  tables: TableSet;
  storeId: StoreId;
}

const valuesOf = (seen: Seen[], of: string, column: string): Set<string> =>
  new Set(seen.filter((one) => one.of === of).map(({ row }) => String(row[column])));

/** Sorted, so that objects with the same entries have the same text. */
const textOf = (entries: Record<string, number>): string =>
  JSON.stringify(Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** The available units of each product's skus, from the ledger. */
const ledgerOf = async ({ sql }: Shop, storeId: StoreId) => {
  const rows = await sql`select product_id, sku, sum(on_hand - reserved)::int as available
    from inventory.balances where store_id = ${storeId} group by product_id, sku`;
  const left = new Map<string, Record<string, number>>();
  for (const { product_id: id, sku, available } of rows) {
    left.set(id as string, { ...left.get(id as string), [sku as string]: available as number });
  }
  return left;
};

const slugsDiffer = async (sides: Sides, seen: Seen[]): Promise<Broken> => {
  const { shop, tables, storeId } = sides;
  const rows = await shop.sql`select slug, id from products.products where store_id = ${storeId}`;
  const owners = new Map(rows.map((row) => [row['slug'] as string, row['id'] as string]));
  const wrong: Broken = [];
  for (const slug of valuesOf(seen, 'products.products', 'slug')) {
    const found = await findIdBySlug(tables, storeId, slug);
    const owner = owners.get(slug);
    if (found !== owner) wrong.push(`P3 slug ${slug} leads to ${found}, not to ${owner}`);
  }
  return wrong;
};

/** The listing rows that a product has keys of: their content is the product's own. */
const rowsDiffer = async (
  { tables, storeId }: Sides,
  id: string,
  stored: StoredProduct,
): Promise<Broken> => {
  const query = `select document, price, in_stock from listings where ${PARTITION}
    and sort_key = ? and product_id = ?`;
  const expected = JSON.stringify([
    JSON.stringify(stored.document),
    stored.document?.priceFromMinor,
    isInStock(stored),
  ]);
  const wrong: Broken = [];
  for (const [sort, key, scope = SCOPE_ALL] of stored.keys) {
    const where = [storeId, scope, sort, bucketOf(id, tables.buckets), Buffer.from(key, 'hex'), id];
    const [row] = await tables.run('drill.row', query, where);
    const found = [row?.['document'], Number(row?.['price']), row?.['in_stock']];
    if (JSON.stringify(found) !== expected) wrong.push(`P3 ${id} differs in ${scope}/${sort}`);
  }
  return wrong;
};

/** Every product ever made: its document, or its deleted marker. */
const productsDiffer = async (sides: Sides, seen: Seen[]): Promise<Broken> => {
  const { shop, tables, storeId } = sides;
  const rows = await shop.sql`select id from products.products where store_id = ${storeId}`;
  const live = new Set(rows.map((row) => row['id'] as string));
  const ledger = await ledgerOf(shop, storeId);
  const wrong: Broken = [];
  for (const id of valuesOf(seen, 'products.products', 'id')) {
    const stored = await findStored(tables, storeId, id);
    if (!stored) wrong.push(`P3 ${id} is not there at all`);
    if (!stored) continue;
    const isGone = stored.deleted && !stored.document && stored.keys.length === 0;
    if (live.has(id) === isGone) wrong.push(`P3 ${id} is ${isGone ? 'gone' : 'still there'}`);
    const [here, there] = [textOf(stored.stock), textOf(ledger.get(id) ?? {})];
    if (here !== there) wrong.push(`P3 ${id} has stock ${here}, the ledger ${there}`);
    wrong.push(...(await rowsDiffer(sides, id, stored)));
  }
  return wrong;
};

const collectionsDiffer = async ({ shop, tables, storeId }: Sides): Promise<Broken> => {
  const rows = await shop.sql`select id, name, description from products.collections
    where store_id = ${storeId} order by id`;
  const here = (await listCollections(tables, storeId)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const [found, expected] = [JSON.stringify(here), JSON.stringify([...rows])];
  return found === expected ? [] : [`P3 collections are ${found}, not ${expected}`];
};

/** Every word of a listed product is in `terms`, for completion and spelling. */
const wordsDiffer = async ({ shop, tables, storeId }: Sides): Promise<Broken> => {
  const rows = await shop.sql`select id from products.products where store_id = ${storeId}`;
  const words = new Map<string, boolean>();
  for (const { id } of rows) {
    const stored = await findStored(tables, storeId, id as string);
    for (const { word, isLabel } of stored?.document ? vocabularyOf(stored.document) : []) {
      words.set(word, isLabel || (words.get(word) ?? false));
    }
  }
  const query = 'select is_label from terms where store_id = ? and head = ? and word = ?';
  const wrong: Broken = [];
  for (const [word, isLabel] of words) {
    const head = String.fromCodePoint(word.codePointAt(0) ?? 0);
    const [row] = await tables.run('drill.word', query, [storeId, head, word]);
    if (!row || (isLabel && row['is_label'] !== true)) wrong.push(`P3 ${word} is not known`);
  }
  return wrong;
};

/** Every difference between both sides, in any table; `seen` has all products ever made. */
export const unequal = async (sides: Sides, seen: Seen[]): Promise<Broken> => {
  const { differences } = await compareStore(sides.pg, sides.tables, sides.storeId);
  return [
    ...differences.map((one) => `P3 ${one}`),
    ...(await productsDiffer(sides, seen)),
    ...(await slugsDiffer(sides, seen)),
    ...(await collectionsDiffer(sides)),
    ...(await wordsDiffer(sides)),
  ];
};
