// Tests that search tables are rebuilt under traffic without gaps or steps back.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { compareStore } from '../../db/projections/compare.ts';
import type { Cassandra } from '../../db/cassandra/client.ts';
import { listCollections } from '../../db/cassandra/collections.ts';
import { findStored } from '../../db/cassandra/products.ts';
import { isListingCurrent, suffixOf, TABLES } from '../../db/cassandra/table-sets.ts';
import { bucketOf } from '../../db/cassandra/listing-keys.ts';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import { rebuildSearch } from '../../ops/commands/search.ts';
import { testInstance } from '../../ops/instance.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import {
  asStore,
  eventually,
  graphql,
  searched,
  stockedWare,
  type Ware,
} from '../support/journeys.ts';
import { tablesOf, everythingRead } from '../support/read-side.ts';
import { bearer, newStore, send, type Store } from '../support/refusals.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

/** All of the instance's events are read again. */
const LIMIT_MS = 600_000;
const PRODUCTS = 60;
const LANES = 2;
/** Traffic runs at a steady pace; it is not what is measured. */
const PACE_MS = 100;
/** More buckets than before. */
const BUCKETS = 6;

const FIND_LOST = `select product_id from listings where store_id = ? and scope = 'all'
  and sort = 'newest' and bucket = ? and tokens contains 'lost'`;

let shop: BreakableShop;
let pg: Pg;
let cassandra: Cassandra;
let store: Store;
beforeAll(async () => {
  shop = await breakableShop();
  const telemetry = createTelemetry('test', 'fatal');
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
  cassandra = await tablesOf(shop);
  store = await newStore(shop, ['products:read', 'products:write', 'inventory:write']);
}, UP_LIMIT_MS);
afterAll(async () => {
  await Promise.all([pg.close(), cassandra.close()]);
});

const request = async (method: string, path: string, body?: unknown): Promise<string> => {
  const sent = { method, path, headers: bearer(store.key) };
  const response = await send(shop, { ...sent, ...(body !== undefined && { body }) });
  const text = await response.text();
  return text ? (JSON.parse(text) as { id: string }).id : '';
};

/** Changes prices, stock and products until it is stopped. */
const churn = async (isOver: () => boolean): Promise<number> => {
  const ids: string[] = [];
  for (let at = 0; at < PRODUCTS; at++) {
    ids.push(await request('POST', '/product', { name: `Rebuilt ${at}`, price: at }));
  }
  let writes = 0;
  const lane = async (own: number): Promise<void> => {
    for (let at = own; !isOver(); at += LANES) {
      const place = at % ids.length;
      const path = `/product/${ids[place]}`;
      if (at % 11 === 0) {
        await request('DELETE', path);
        ids[place] = await request('POST', '/product', { name: `Rebuilt ${at}`, price: at });
      } else if (at % 3 === 0) await request('PUT', `${path}/stock`, { quantity: at % 2 });
      else await request('PUT', path, { price: at % 90 });
      writes++;
      await Bun.sleep(PACE_MS);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, own) => lane(own)));
  return writes;
};

/** Reads one product that changes all the time; returns every step back or gap. */
const watch = async (ware: Ware, isOver: () => boolean): Promise<string[]> => {
  const wrong: string[] = [];
  const query = 'query ($id: ID) { product(id: $id) { version } }';
  let last = 0;
  for (let at = 0; !isOver(); at++) {
    await asStore(shop, 'PUT', `/product/${ware.productId}`, { price: at % 90 });
    const { body } = await graphql(shop, query, { id: ware.productId });
    const data = body.data as { product?: { version: number } | null } | undefined;
    const version = data?.product?.version ?? 0;
    if (version < last) wrong.push(`${version} after ${last}`);
    last = Math.max(last, version);
    await Bun.sleep(PACE_MS);
  }
  return wrong;
};

const inOutboxes = async (): Promise<number> => {
  const key = `${store.storeId}/%`;
  const [row] = await shop.sql`select (select count(*) from products.outbox where key like ${key})
    + (select count(*) from inventory.outbox where key like ${key}) as rows`;
  return Number(row?.['rows']);
};

/** Products, collections and stock that are committed and never published. */
const loseEvents = async (): Promise<{ lost: string; gone: string; shelf: string }> => {
  const gone = await request('POST', '/product', { name: 'Gone', price: 5 });
  const torn = await request('POST', '/collection', { name: 'Gone, too' });
  await everythingRead(shop, cassandra);
  await shop.kill('relay');
  await request('DELETE', `/product/${gone}`);
  await request('DELETE', `/collection/${torn}`);
  const lost = await request('POST', '/product', { name: 'Lost', price: 5 });
  await request('PUT', `/product/${lost}/stock`, { quantity: 4 });
  const shelf = await request('POST', '/collection', { name: 'Lost, too' });
  await eventually('all of it is in the outbox', async () =>
    (await inOutboxes()) === 5 ? true : undefined,
  );
  const key = `${store.storeId}/%`;
  await shop.sql`delete from products.outbox where key like ${key}`;
  await shop.sql`delete from inventory.outbox where key like ${key}`;
  await shop.startProcess('relay');
  return { lost, gone, shelf };
};

describe('a rebuild of the search tables', () => {
  test(
    'runs beside traffic, is compared, switched to, and equal to Postgres in the end',
    async () => {
      const hot = await stockedWare(shop, 1);
      await searched(shop, hot);
      const { lost, gone, shelf } = await loseEvents();
      let over = false;
      const isOver = (): boolean => over;
      const traffic = Promise.all([churn(isOver), watch(hot, isOver)]);
      const lines: string[] = [];
      await rebuildSearch(testInstance(), (line) => lines.push(line), BUCKETS).finally(
        () => (over = true),
      );
      const [writes, wrong] = await traffic;
      expect(wrong).toEqual([]);
      const output = lines.join('\n');
      const [, live = ''] = /set (\d+) is live: \d+ products, equal by hash/.exec(output) ?? [];
      console.log(`${writes} writes went on; ${lines.at(-1)}`);
      const rebuilt = await tablesOf(shop);
      expect(rebuilt.buckets).toBe(BUCKETS);
      expect(await isListingCurrent(rebuilt)).toBe(true);
      await eventually('the new tables equal Postgres', async () => {
        const { differences } = await compareStore(pg, rebuilt, store.storeId);
        return differences.length === 0 ? true : undefined;
      });
      // Also changes that no topic ever had.
      expect(output).toMatch(/\d+ events missing from the topics: published again/);
      const storedOf = (id: string) => findStored(rebuilt, store.storeId, id);
      expect(await storedOf(lost)).toMatchObject({ document: { name: 'Lost' } });
      expect(Object.values((await storedOf(lost))?.stock ?? {})).toEqual([4]);
      expect(await storedOf(gone)).toMatchObject({ deleted: true, keys: [] });
      // Written before the tables had an index.
      const where = [store.storeId, bucketOf(lost, BUCKETS)];
      const found = await rebuilt.run('test.word', FIND_LOST, where);
      expect(found.map((row) => String(row['product_id']))).toEqual([lost]);
      const shelves = await listCollections(rebuilt, store.storeId);
      expect(shelves.map(({ id }) => id)).toEqual([shelf]);
      const tables = await rebuilt.run(
        'test.tables',
        "select table_name from system_schema.tables where keyspace_name = 'holdfast'",
        [],
      );
      const names = tables.map((row) => String(row['table_name']));
      const [own, old] = [suffixOf(Number(live)), suffixOf(Number(live) - 1)];
      expect(names).toEqual(expect.arrayContaining(TABLES.map((table) => `${table}${own}`)));
      expect(names.filter((name) => TABLES.some((table) => name === `${table}${old}`))).toEqual([]);
      const ware = await stockedWare(shop, 1);
      await searched(shop, ware);
      await rebuilt.close();
    },
    LIMIT_MS,
  );
});
