// Tests imports whose worker and API are killed, and imports while Search is behind.
import { beforeAll, describe, expect, test } from 'bun:test';
import { ageOfSearch } from '../../db/cassandra/progress.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { HEADER, newImporter, rowsOf, type Importer } from '../support/importer.ts';
import { eventually } from '../support/journeys.ts';
import { cassandraOfAll } from '../support/read-side.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: BreakableShop;
let store: Importer;
beforeAll(async () => {
  shop = await breakableShop();
}, UP_LIMIT_MS);

const scenario = (name: string, publish: () => Promise<void>): void =>
  test(
    name,
    async () => {
      store = await newImporter(shop);
      await publish();
    },
    WORKFLOW_LIMIT_MS,
  );

describe('an import', () => {
  scenario('whose worker and API are killed half-way ends with every row once', async () => {
    const id = await store.upload(HEADER + rowsOf(2_000, 'killed'));
    await eventually('some rows are written', async () =>
      (await store.look(id)).rows.succeeded > 0 ? true : undefined,
    );
    await shop.kill('worker');
    await shop.kill('products');
    await Promise.all([shop.startProcess('worker'), shop.startProcess('products')]);
    expect(await store.ended(id)).toMatchObject({
      status: 'completed',
      rows: { total: 2_000, succeeded: 2_000, failed: 0, skipped: 0 },
    });
    const { products, stock } = await store.catalogue();
    expect([products.length, stock.length]).toEqual([2_000, 2_000]);
    expect(products.filter(({ version }) => version !== 1)).toEqual([]);
  });

  scenario('waits while Search is behind, and continues when it is not', async () => {
    const cassandra = cassandraOfAll(shop);
    const searchAgeMs = ageOfSearch(cassandra);
    const file = HEADER + rowsOf(600, 'waits');
    shop.freeze('projector', 'SIGSTOP');
    try {
      await eventually('Search is behind', async () =>
        (await searchAgeMs()) > 6_000 ? true : undefined,
      );
      const id = await store.upload(file);
      await eventually('the file is read', async () =>
        (await store.look(id)).rows.total === 600 ? true : undefined,
      );
      const [now] = await shop.sql`select clock_timestamp() as at`;
      shop.freeze('projector', 'SIGCONT');
      expect((await store.ended(id)).rows.succeeded).toBe(600);
      const [early] = await shop.sql`select count(*)::int as products from products.products
        where store_id = ${store.storeId} and created_at < ${now?.['at'] as Date}`;
      expect(early).toEqual({ products: 0 });
    } finally {
      shop.freeze('projector', 'SIGCONT');
      await cassandra.close();
    }
  });
});
