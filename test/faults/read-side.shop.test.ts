// Tests the read side under repeated, late and reversed messages and crashes: in the end it equals
// Postgres, table by table.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { compareStore } from '../../db/projections/compare.ts';
import { findStored } from '../../db/cassandra/products.ts';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import type { TableSet } from '../../db/cassandra/table-sets.ts';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { DEFAULT_STORE, type StoreId } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { asStore, eventually, graphql, searched, stockedWare } from '../support/journeys.ts';
import { listenTo, sendRaw, type Listening } from '../support/kafka.ts';
import { tablesOf, everythingRead } from '../support/read-side.ts';
import { bearer, newStore, send, type Store } from '../support/refusals.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 120_000;
/** Cassandra has to start again. */
const SERVER_LIMIT_MS = 300_000;
const CHURNED = 100;
const ROUNDS = 5;

let shop: BreakableShop;
let pg: Pg;
let cassandra: TableSet;
let store: Store;
let events: Listening;
let stockEvents: Listening;
beforeAll(async () => {
  shop = await breakableShop();
  const telemetry = createTelemetry('test', 'fatal');
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
  cassandra = await tablesOf(shop);
  store = await newStore(shop, ['products:read', 'products:write', 'inventory:write']);
  [events, stockEvents] = await Promise.all([
    listenTo(shop, TOPICS.products),
    listenTo(shop, TOPICS.stock),
  ]);
}, UP_LIMIT_MS);
afterAll(async () => {
  await Promise.all([events.stop(), stockEvents.stop(), pg.close(), cassandra.close()]);
}, LIMIT_MS);

const request = async (method: string, path: string, body?: unknown) => {
  const sent = { method, path, headers: bearer(store.key) };
  const response = await send(shop, { ...sent, ...(body !== undefined && { body }) });
  const text = await response.text();
  return { status: response.status, body: (text ? JSON.parse(text) : {}) as { id: string } };
};

/** Waits until both sides are equal, and lists the differences when they never are. */
const equal = async (storeId: StoreId): Promise<number> => {
  let last: string[] = [];
  const compared = await eventually('the read side equals Postgres', async () => {
    const { compared: count, differences } = await compareStore(pg, cassandra, storeId);
    last = differences;
    return last.length === 0 ? count : undefined;
  }).catch((error: unknown) => {
    throw new Error(last.slice(0, 5).join('\n'), { cause: error });
  });
  return compared;
};

describe('the read side', () => {
  test(
    'is equal to Postgres after churn during which the projector is killed again and again',
    async () => {
      const ids: string[] = [];
      for (let at = 0; at < CHURNED; at++) {
        const { body } = await request('POST', '/product', { name: `Churn ${at}`, price: at % 7 });
        ids.push(body.id);
      }
      let isOver = false;
      const killing = (async () => {
        while (!isOver) {
          await Bun.sleep(1_500);
          await shop.kill('projector');
          await shop.startProcess('projector');
        }
      })();
      // Prices, stock and deletions change the same products at once.
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(
          [0, 1, 2, 3].map(async (lane) => {
            for (let at = lane; at < ids.length; at += 4) {
              const path = `/product/${ids[at]}`;
              if (round === ROUNDS - 1 && at % 5 === 0) await request('DELETE', path);
              else if (at % 3 === round % 3)
                await request('PUT', path, { price: (at * round) % 50 });
              else await request('PUT', `${path}/stock`, { quantity: (at + round) % 2 });
            }
          }),
        );
      }
      isOver = true;
      await killing;
      expect(await equal(store.storeId)).toBe(CHURNED - CHURNED / 5);
    },
    LIMIT_MS,
  );

  test(
    'is not changed by all messages once more, backwards and twice',
    async () => {
      await everythingRead(shop, cassandra);
      await equal(store.storeId);
      const own = (list: Listening) =>
        list.messages.filter((message) => message.key?.toString().startsWith(`${store.storeId}/`));
      const [some, stock] = [own(events), own(stockEvents)];
      const ids = [...new Set(some.map((message) => message.key?.toString().split('/')[1] ?? ''))];
      const before = await Promise.all(ids.map((id) => findStored(cassandra, store.storeId, id)));
      const again = async (topic: string, list: typeof some): Promise<void> => {
        for (const message of [...list.toReversed(), ...list]) {
          const key = message.key?.toString() ?? '';
          await sendRaw(shop, topic, { key, value: message.value });
        }
      };
      await Promise.all([
        again(TOPICS.products, some.slice(-40)),
        again(TOPICS.stock, stock.slice(-40)),
      ]);
      await everythingRead(shop, cassandra);
      await equal(store.storeId);
      const after = await Promise.all(ids.map((id) => findStored(cassandra, store.storeId, id)));
      expect(after).toEqual(before);
    },
    LIMIT_MS,
  );

  test(
    'that is unavailable leaves a product by its id to Products, and continues when it is back',
    async () => {
      const ware = await stockedWare(shop, 2);
      await searched(shop, ware);
      await shop.kill('cassandra');
      const query = 'query ($id: ID) { product(id: $id) { id priceFrom } }';
      const { body } = await graphql(shop, query, { id: ware.productId });
      expect(body.data).toEqual({
        product: { id: ware.productId, priceFrom: ware.price },
      } as never);
      const list = await graphql(shop, '{ products { asOf } }');
      expect([list.status, list.body]).toMatchObject([503, { code: 'UNAVAILABLE' }]);
      const { status } = await asStore(shop, 'PUT', `/product/${ware.productId}`, { price: 3 });
      expect(status).toBe(200);
      await shop.start('cassandra');
      await eventually('the change is searchable', async () => {
        const found = await searched(shop, ware).catch(() => undefined);
        return found?.variants[0]?.price === 3 ? true : undefined;
      });
      const key = eventKey(DEFAULT_STORE, ware.productId);
      expect(events.messages.some((message) => message.key?.toString() === key)).toBe(true);
    },
    SERVER_LIMIT_MS,
  );

  test(
    "has a product not older than the caller's version, and null for unknown stock",
    async () => {
      const ware = await stockedWare(shop, 2);
      const query = `query ($id: ID, $version: Int) {
        product(id: $id, waitForVersion: $version) { version variants { stock { available } } } }`;
      for (let version = 2; version < 7; version++) {
        await asStore(shop, 'PUT', `/product/${ware.productId}`, { price: version });
        const { body } = await graphql(shop, query, { id: ware.productId, version });
        const data = body.data as { product?: { version: number } } | undefined;
        expect(data?.product?.version).toBe(version);
      }
      await shop.kill('inventory');
      const { body } = await graphql(shop, query, { id: ware.productId, version: 6 });
      expect(body).toMatchObject({
        data: { product: { variants: [{ stock: null }] } },
        extensions: { warnings: ['STOCK_UNAVAILABLE'] },
      });
      await shop.startProcess('inventory');
    },
    LIMIT_MS,
  );
});

describe('a change', () => {
  test(
    'of stock flips the filter',
    async () => {
      const ware = await stockedWare(shop, 1);
      await searched(shop, ware);
      const query =
        'query ($text: String) { products(text: $text, inStock: true) { matches { count } } }';
      const path = `/product/${ware.productId}/stock`;
      await asStore(shop, 'PUT', path, { quantity: 0 });
      await eventually('it is not in stock any more', async () => {
        const { body } = await graphql(shop, query, { text: ware.word });
        const data = body.data as { products?: { matches: { count: number } } } | undefined;
        return data?.products?.matches.count === 0 ? true : undefined;
      });
    },
    LIMIT_MS,
  );
});
