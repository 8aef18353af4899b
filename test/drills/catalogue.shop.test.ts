// Runs some drills of the catalogue, and proves that they detect a broken promise.
import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { bucketOf } from '../../db/cassandra/listing-keys.ts';
import { newId } from '../../domain/ids.ts';
import { tablesOf } from '../support/read-side.ts';
import { request } from '../support/journeys.ts';
import { bearer, newStore, type Store } from '../support/refusals.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { runChurn } from './catalogue/churn.ts';
import { brokenCataloguePromises, runCatalogueDrill } from './catalogue/drill.ts';
import { pollingById } from './catalogue/planted.ts';
import { openWitness, type Witness } from './catalogue/witness.ts';

const LIMIT_MS = 180_000;
const COUNT = 300;
const SEED = 20_261_126;
const QUICK = [
  'catalogue-kafka-frozen',
  'catalogue-relay-unacknowledged',
  'catalogue-projector-killed',
  'catalogue-cassandra-frozen',
];

let shop: BreakableShop;
beforeAll(async () => {
  shop = await breakableShop();
}, UP_LIMIT_MS);
afterEach(() => shop.allReady(), LIMIT_MS);

describe('the catalogue under a fault keeps every promise', () => {
  for (const [at, name] of QUICK.entries()) {
    test(
      name,
      async () => {
        const { broken } = await runCatalogueDrill(shop, name, { seed: SEED + at, count: COUNT });
        expect(broken).toEqual([]);
      },
      LIMIT_MS,
    );
  }
});

describe('a planted bug in the catalogue is detected', () => {
  let store: Store;
  let witness: Witness;
  const planted = (name: string, work: () => Promise<void>): void =>
    test(
      name,
      async () => {
        store = await newStore(shop, ['products:read', 'products:write', 'inventory:write']);
        witness = await openWitness(shop, store.storeId);
        try {
          await work();
        } finally {
          await witness.close();
        }
      },
      LIMIT_MS,
    );
  const brokenOnes = async (): Promise<string[]> => [
    ...new Set((await brokenCataloguePromises(shop, witness)).map((one) => one.slice(0, 2))),
  ];
  const asStoreOf = <T>(method: string, path: string, body: object) =>
    request<T>(`${shop.env['GATEWAY_URL']}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...bearer(store.key) },
      body: JSON.stringify(body),
    });
  const made = async (): Promise<string> =>
    (await asStoreOf<{ id: string }>('POST', '/product', { name: 'Planted', price: 1 })).body.id;

  planted(
    "the outbox is polled by id; a row left in it is repaired by the product's next event",
    async () => {
      const beside = (isOver: () => boolean) => pollingById(shop, isOver);
      const { slots } = await runChurn(shop, store, { seed: SEED, count: COUNT, beside });
      // P3 breaks, too, unless every row that was left has a later event of its product.
      expect(await brokenOnes()).toContain('P2');
      for (const { id } of slots) await asStoreOf('PUT', `/product/${id}`, { price: 7 });
      const unequal = (await brokenCataloguePromises(shop, witness)).filter((one) =>
        one.startsWith('P3'),
      );
      expect(unequal.filter((one) => slots.some(({ id }) => one.includes(id)))).toEqual([]);
    },
  );

  planted('a product is written without its event', async () => {
    const id = await made();
    expect(await brokenOnes()).toEqual([]);
    await shop.sql`update products.products set name = 'Silently', version = version + 1
      where id = ${id}`;
    expect(await brokenOnes()).toEqual(['P1', 'P3']);
    await asStoreOf('PUT', `/product/${id}`, { name: 'Aloud' });
  });

  planted('a row is left behind', async () => {
    await made();
    const tables = await tablesOf(shop);
    const ghost = newId('product');
    const key = [store.storeId, bucketOf(ghost, tables.buckets), ghost];
    const haunt = `insert into listings (store_id, scope, sort, bucket, sort_key, product_id)
      values (?, 'all', 'newest', ?, 0x00, ?)`;
    const lay = `delete from listings where store_id = ? and scope = 'all' and sort = 'newest'
      and bucket = ? and sort_key = 0x00 and product_id = ?`;
    await tables.run('test.haunt', haunt, key);
    expect(await brokenOnes()).toEqual(['P3']);
    await tables.run('test.lay', lay, key);
    expect(await brokenOnes()).toEqual([]);
    await tables.close();
  });
});
