// Tests that names sort alike in JavaScript, in Postgres and in Cassandra, by one key.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { newId } from '../../domain/ids.ts';
import { sortKeyOf } from '../../domain/text.ts';
import { newReadSide, putWare } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';

const NAMES = 60;
const LIMIT_MS = 60_000;
const WRITTEN = [
  'Zebra',
  'Łopata',
  'Øre',
  'ocean',
  'Straße',
  'strasse',
  'Ωμέγα',
  '靴',
  '🙂',
  '\uFB33',
];

/** No control characters: Products takes none in a name, Postgres no NUL in a text. */
const anyName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((name) => !/\p{C}/u.test(name));

const QUERY = 'query { products(sort: NAME, first: 100) { edges { node { name } } } }';

interface Found {
  products: { edges: { node: { name: string } }[] };
}

test(
  'names have one order of their keys in bytes, in Postgres and in a listing by name',
  async () => {
    const shop = await openShop();
    const { readSide, request, storeId, tables } = await newReadSide(shop);
    const random = fc.sample(anyName, { seed: 7, numRuns: NAMES });
    const names = [...new Set([...WRITTEN, ...random])];
    const sorted = names
      .map(sortKeyOf)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

    const rows = await shop.sql`select key
      from unnest(${names.map(sortKeyOf)}::text[]) as key
      order by key collate "C"`;
    expect(rows.map((row) => String(row['key']))).toEqual(sorted);

    for (const name of names) {
      const createdAtUs = Date.now() * 1_000;
      await putWare(readSide, storeId, { id: newId('product'), name, priceMinor: 1, createdAtUs });
    }
    const { products } = await request<Found>(QUERY);
    expect(products.edges.map(({ node }) => sortKeyOf(node.name))).toEqual(sorted);
    await tables.close();
  },
  UP_LIMIT_MS + LIMIT_MS,
);
