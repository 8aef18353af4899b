// Tests the reads of a page: a fixed number of statements, and few rows that the page lacks.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { listPage, shareOf } from '../../db/cassandra/listings.ts';
import { countMatches } from '../../db/cassandra/matches.ts';
import type { TableSet } from '../../db/cassandra/table-sets.ts';
import { bucketOf } from '../../db/cassandra/listing-keys.ts';
import { newId, type ProductId } from '../../domain/ids.ts';
import { newReadSide, putWare, searchOf, type ReadSideOfTest } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const PRODUCTS = 120;
const LIMIT_MS = 60_000;
const FILTER = { attributes: [] };

let shop: Shop;
const sides: ReadSideOfTest[] = [];
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);
afterAll(async () => {
  await Promise.all(sides.map((side) => side.tables.close()));
});

const idIn = (bucket: number, buckets: number): ProductId => {
  for (;;) {
    const id = newId('product');
    if (bucketOf(id, buckets) === bucket) return id;
  }
};

/** A store of its own whose products, by rising price, fall into these buckets. */
const storeOf = async (bucketAt: (at: number, buckets: number) => number) => {
  const side = await newReadSide(shop);
  sides.push(side);
  const { buckets } = side.tables;
  const ids = Array.from({ length: PRODUCTS }, (_, at) => idIn(bucketAt(at, buckets), buckets));
  for (const [at, id] of ids.entries()) {
    const attributes = { shade: at % 2 ? 'odd' : 'even' };
    const ware = { id, name: 'Lamp', attributes, priceMinor: 100 + at, createdAtUs: 1 + at };
    await putWare(side.readSide, side.storeId, ware);
  }
  return { ...side, ids };
};

/** The same tables, with their reads counted. */
const counting = (tables: TableSet) => {
  const seen = { statements: 0, rows: 0 };
  const run: typeof tables.run = async (name, query, params) => {
    const rows = await tables.run(name, query, params);
    seen.statements += 1;
    seen.rows += rows.length;
    return rows;
  };
  return { seen, tables: { ...tables, run } };
};

interface Answered {
  edges: unknown[];
  matches: object;
  facets: object[];
}

const firstOf = async ({ tables, storeId }: ReadSideOfTest, first: number) => {
  const counted = counting(tables);
  const request = { storeId, sort: 'price_asc' as const, filter: FILTER, after: undefined, first };
  const { items } = await listPage(counted.tables, request);
  return { ...counted.seen, ids: items.map(({ document }) => document.id) };
};

describe('a page of products spread over all buckets', () => {
  let store: Awaited<ReturnType<typeof storeOf>>;
  beforeAll(async () => {
    store = await storeOf((at, buckets) => at % buckets);
  }, LIMIT_MS);

  test.each([1, 5, 20, 100])(
    'of %d is one read of each bucket, of few more rows',
    async (first) => {
      const { statements, rows, ids } = await firstOf(store, first);
      const { buckets } = store.tables;
      expect(ids).toEqual(store.ids.slice(0, first));
      expect(statements).toBe(buckets);
      expect(rows).toBeLessThanOrEqual(buckets * shareOf(first + 1, { buckets }));
    },
  );

  test.each([4, 6, 8])('of 20 reads little more than three times that of %d buckets', (buckets) => {
    expect(buckets * shareOf(21, { buckets })).toBeLessThanOrEqual(64);
  });

  test('a count reads each bucket once', async () => {
    const { seen, tables } = counting(store.tables);
    const { count, exact, facets } = await countMatches(tables, store.storeId, FILTER);
    expect([count, exact, [...facets.values()]]).toEqual([PRODUCTS, true, [60, 60]]);
    expect(seen).toEqual({ statements: tables.buckets, rows: PRODUCTS });
  });

  test('a ranked page is counted by the same reads', async () => {
    const { seen, tables } = counting(store.tables);
    const request = searchOf(async () => tables, store.storeId);
    const { products } = await request<{ products: Answered }>(`{ products(text: "lamp", first: 3) {
      edges { node { id } } matches { count exact } facets { values { count } } } }`);
    expect(products).toMatchObject({
      matches: { count: PRODUCTS, exact: true },
      facets: [{ values: [{ count: 60 }, { count: 60 }] }],
    });
    const [exactNames, shown] = [tables.buckets, products.edges.length];
    expect(seen.rows).toBeLessThanOrEqual(PRODUCTS + 25 * exactNames + shown);
    expect(seen.statements).toBeLessThanOrEqual(3 * tables.buckets);
  });
});

describe('a page of products in a single bucket', () => {
  test(
    'is complete: reading continues where it was cut',
    async () => {
      const store = await storeOf(() => 1);
      for (const first of [1, 5, 20, 100]) {
        expect((await firstOf(store, first)).ids).toEqual(store.ids.slice(0, first));
      }
      const { count, exact } = await countMatches(store.tables, store.storeId, FILTER);
      expect([count, exact]).toEqual([PRODUCTS, true]);
    },
    LIMIT_MS,
  );
});
