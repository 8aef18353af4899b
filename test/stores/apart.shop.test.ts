// Tests row-level security: what Postgres refuses when a statement omits the store.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'drizzle-orm';
import { connectPostgres, type Pg, type Tx } from '../../db/postgres/client.ts';
import { newId, type StoreId } from '../../domain/ids.ts';
import { testInstance } from '../../ops/instance.ts';
import { postgresUrl } from '../../ops/servers/postgres.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { newStore, send, bearer, type Store } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const TABLES = ['products', 'variants', 'collections', 'product_collections', 'answers'] as const;
const NOT_ALLOWED = '42501';

let shop: Shop;
let service: Pg;
let shoppers: Pg;
let mine: Store;
let theirs: Store;
let draftId: string;

const made = async (store: Store, path: string, body: object): Promise<string> => {
  const headers = { ...bearer(store.key), 'idempotency-key': crypto.randomUUID() };
  const response = await send(shop, { method: 'POST', path, headers, body });
  return ((await response.json()) as { id: string }).id;
};

beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'error');
  const open = (role: string) =>
    connectPostgres({ url: postgresUrl(testInstance(), role), telemetry, connectionsMax: 2 });
  service = open('products');
  shoppers = open('shoppers');
  mine = await newStore(shop, ['products:read', 'products:write']);
  theirs = await newStore(shop, ['products:read', 'products:write']);
  for (const store of [mine, theirs]) {
    const productId = await made(store, '/product', { name: 'Wall', price: 1 });
    const collectionId = await made(store, '/collection', { name: 'Bricks', description: '' });
    const path = `/product/${productId}/collections`;
    const body = { collectionIds: [collectionId] };
    await send(shop, { method: 'PUT', path, headers: bearer(store.key), body });
  }
  draftId = await made(mine, '/product', { name: 'Draft', price: 1, status: 'draft' });
}, UP_LIMIT_MS);

afterAll(async () => {
  await Promise.all([service.close(), shoppers.close()]);
});

const countIn = async (tx: Pick<Tx, 'execute'>, table: string): Promise<number> => {
  const [row] = await tx.execute<{ count: number }>(
    sql`select count(*)::int as count from products.${sql.identifier(table)}`,
  );
  return row?.count ?? -1;
};

const stateOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const { cause } = (error ?? {}) as { cause?: { code?: string } };
  return cause?.code ?? 'no error';
};

describe.each(TABLES)('the table %s', (table) => {
  test('has no rows for a service without a store', async () => {
    expect(await service.query('test', (db) => countIn(db, table))).toBe(0);
  });

  test("has only a store's rows for a service of that store", async () => {
    const seen = await service.as(mine.storeId).query('test', (db) => countIn(db, table));
    const owned: Record<(typeof TABLES)[number], number> = {
      ...{ products: 2, variants: 2, collections: 1, product_collections: 1, answers: 3 },
    };
    expect(seen).toBe(owned[table]);
  });
});

test('a transaction of one store leaves no store set for the next on its connection', async () => {
  for (let at = 0; at < 4; at++) {
    expect(await service.as(mine.storeId).query('test', (db) => countIn(db, 'products'))).toBe(2);
    expect(await service.query('test', (db) => countIn(db, 'products'))).toBe(0);
  }
});

describe("another store's rows", () => {
  const asMine = <T>(work: (tx: Tx) => Promise<T>) =>
    service.as(mine.storeId).transaction('test', work);

  test('are not changed or deleted by a statement without a store', async () => {
    const before = await shop.sql`select count(*)::int as n from products.products
      where store_id = ${theirs.storeId} and version = 1`;
    await asMine((tx) => tx.execute(sql`update products.products set version = version + 1`));
    await asMine((tx) => tx.execute(sql`delete from products.collections`));
    const after = await shop.sql`select count(*)::int as n from products.products
      where store_id = ${theirs.storeId} and version = 1`;
    expect(after[0]).toEqual(before[0]);
    const [left] = await shop.sql`select count(*)::int as n from products.collections
      where store_id = ${theirs.storeId}`;
    expect(left).toEqual({ n: 1 });
  });

  test('cannot be inserted', async () => {
    const id = newId('product');
    const insert = (storeId: StoreId) =>
      asMine(async (tx) => {
        await tx.execute(sql`insert into products.products
          (id, store_id, slug, name, description, status, attributes, media, clock_us)
          values (${id}, ${storeId}, ${id}, 'x', '', 'draft', '{}', '[]', 1)`);
        // A product without variants must not stay: no table of Search takes it.
        throw new Error('rolled back');
      });
    expect(await stateOf(insert(theirs.storeId))).toBe(NOT_ALLOWED);
    expect(await stateOf(insert(mine.storeId))).toBe('no error');
  });
});

describe("the role of shoppers' reads", () => {
  test('reads published products and no drafts, of every store', async () => {
    const rows = await shoppers.query('test', (db) =>
      db.execute<{ id: string; status: string }>(sql`select id, status from products.products`),
    );
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['published']));
    const variants = await shoppers.query('test', (db) =>
      db.execute<{ n: number }>(sql`select count(*)::int as n from products.variants
        where product_id = ${draftId}`),
    );
    expect(variants[0]?.n).toBe(0);
  });

  test('cannot write, and cannot read other tables', async () => {
    const request = (text: string) =>
      stateOf(shoppers.query('test', (db) => db.execute(sql.raw(text))));
    expect(await request('delete from products.products')).toBe(NOT_ALLOWED);
    expect(await request('select * from products.answers')).toBe(NOT_ALLOWED);
    expect(await request('select * from orders.orders')).toBe(NOT_ALLOWED);
  });
});
