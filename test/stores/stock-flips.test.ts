// Stock that goes or comes back: one column of each row, and every filter follows.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { findStored, putProjected } from '../../db/cassandra/products.ts';
import { newId } from '../../domain/ids.ts';
import { newReadSide, putWare, type ReadSideOfTest } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 300_000;
/** Rows of a product that is in no collection. */
const ROWS = 4;
const SKU = 'LAMP-1';
const ID = newId('product');

let shop: Shop;
let side: ReadSideOfTest;
beforeAll(async () => {
  shop = await openShop();
  side = await newReadSide(shop);
  const ware = { id: ID, name: 'Brass Lamp', skus: [SKU], priceMinor: 900, createdAtUs: 1 };
  await putWare(side.readSide, side.storeId, ware);
}, UP_LIMIT_MS);
afterAll(() => side.tables.close());

/** Writes the news that so many are left; answers the statements that took. */
const tell = async (available: number): Promise<string[]> => {
  const { tables, storeId } = side;
  const before = await findStored(tables, storeId, ID);
  if (!before) throw new Error('the product is not there');
  const written: string[] = [];
  const batch: typeof tables.batch = (name, statements, timestampUs) => {
    written.push(...statements.map(({ query }) => query));
    return tables.batch(name, statements, timestampUs);
  };
  const next = { ...before, stockClockUs: before.stockClockUs + 1, stock: { [SKU]: available } };
  await putProjected({ ...tables, batch }, storeId, ID, before, next);
  return written;
};

/** Whether the product is found by its words in each order, with and without stock. */
const found = async () => {
  const list = (sort: string, inStock: boolean) =>
    side.ask<{ products: { edges: { node: { name: string } }[]; matches: { count: number } } }>(
      `{ products(text: "lamp", priceMax: 10, sort: ${sort}, inStock: ${inStock}) {
        edges { node { name } } matches { count } } }`,
    );
  const sorts = ['RELEVANCE', 'NEWEST', 'PRICE_ASC', 'PRICE_DESC', 'NAME'];
  const counts = async (inStock: boolean) => {
    const answers = await Promise.all(sorts.map((sort) => list(sort, inStock)));
    return new Set(
      answers.flatMap(({ products }) => [products.edges.length, products.matches.count]),
    );
  };
  return { yes: [...(await counts(true))], no: [...(await counts(false))] };
};
const IN_STOCK = { yes: [1], no: [0] };
const SOLD_OUT = { yes: [0], no: [1] };

test('news of stock that changes nothing of the filter is one row', async () => {
  expect(await tell(0)).toHaveLength(1);
  expect(await found()).toEqual(SOLD_OUT);
});

test('the first unit and the last one write a column of each row, none of its words', async () => {
  for (const [available, expected] of [
    [3, IN_STOCK],
    [0, SOLD_OUT],
    [1, IN_STOCK],
  ] as const) {
    const written = await tell(available);
    expect(written).toHaveLength(ROWS + 1);
    expect(written.filter((query) => query.includes('tokens'))).toEqual([]);
    expect(await found()).toEqual(expected);
  }
  expect(await tell(2)).toHaveLength(1);
});

test(
  'stock that is written after the words have gone to the disk is found with them',
  async () => {
    // A node that starts writes to the disk what was only in its memory and its log.
    await shop.kill('cassandra');
    await shop.start('cassandra');
    await tell(0);
    expect(await found()).toEqual(SOLD_OUT);
  },
  LIMIT_MS,
);
