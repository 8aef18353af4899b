// Tests imports on the public API: valid and invalid files, paused, killed half-way, and repeated.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { ageOfSearch } from '../../db/cassandra/progress.ts';
import { dataPath, testWithData } from '../support/data.ts';
import { eventually, request } from '../support/journeys.ts';
import { cassandraOfAll } from '../support/read-side.ts';
import { bearer, newStore, send, type Store } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: Shop;
let store: Store;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const freshStore = (): Promise<Store> =>
  newStore(shop, [
    'products:read',
    'products:write',
    'inventory:read',
    'inventory:write',
    'imports:write',
  ]);

interface Import {
  id: string;
  status: string;
  reason?: string;
  rows: { total: number; succeeded: number; failed: number; skipped: number };
}

const upload = async (
  file: string | Uint8Array<ArrayBuffer>,
  query = '',
  type = 'text/csv',
): Promise<string> => {
  const response = await send(shop, {
    method: 'POST',
    path: `/imports${query}`,
    headers: { ...bearer(store.key), 'content-type': type },
    raw: file,
  });
  const body = (await response.json()) as Import;
  expect([response.status, body]).toEqual([202, { id: body.id, status: 'running' } as Import]);
  return body.id;
};

const look = async (id: string): Promise<Import> =>
  (
    await request<Import>(`${shop.env['GATEWAY_URL']}/imports/${id}`, {
      headers: bearer(store.key),
    })
  ).body;

const change = (id: string, what: string) =>
  send(shop, { method: 'POST', path: `/imports/${id}/${what}`, headers: bearer(store.key) });

const ended = (id: string): Promise<Import> =>
  eventually(`${id} has ended`, async () => {
    const one = await look(id);
    return ['completed', 'failed'].includes(one.status) ? one : undefined;
  });

interface Rows {
  items: {
    row: number;
    status: string;
    code: string | null;
    message: string | null;
    sku: string | null;
  }[];
}
const failedRows = async (id: string): Promise<[number, string | null][]> => {
  const url = `${shop.env['GATEWAY_URL']}/imports/${id}/rows?status=failed&limit=100`;
  const { body } = await request<Rows>(url, { headers: bearer(store.key) });
  return body.items.map(({ row, code }) => [row, code]);
};

/** Everything the store has written, as far as an import may change it. */
const catalogue = async () => {
  const { sql } = shop;
  const products = await sql`select p.slug, p.name, p.version, p.status,
      (select json_agg(json_build_array(v.sku, v.price_minor, v.currency) order by v.sku)
        from products.variants v where v.product_id = p.id) as variants
    from products.products p where store_id = ${store.storeId} order by slug`;
  const stock = await sql`select sku, on_hand, version from inventory.balances
    where store_id = ${store.storeId} order by sku`;
  return { products: [...products], stock: [...stock] };
};

const HEADER = 'slug,sku,name,price,inventory,collection\n';
const rowsOf = (count: number, prefix: string): string =>
  Array.from(
    { length: count },
    (_, at) => `${prefix}-${at},${prefix}-${at},Item ${at},${at % 90}.5,${at % 7},Gear > Item`,
  ).join('\n');

const scenario = (name: string, publish: () => Promise<void>): void =>
  test(
    name,
    async () => {
      store = await freshStore();
      await publish();
    },
    WORKFLOW_LIMIT_MS,
  );

describe('an import', () => {
  scenario(
    'of valid and invalid rows writes the valid ones, gives the reason of the others, and sets the stock',
    async () => {
      const id = await upload(
        `\uFEFF${HEADER}a,A1,One,9.99,5,Gear\r\na,A2,,8,-1,\rb,B1,Two,,3,\nc,C1,,5,3,\nd,D1,"Th""ree",0,0,\ne,A1,Thief,1,1,\n`,
      );
      expect(await ended(id)).toMatchObject({
        status: 'completed',
        rows: { total: 6, succeeded: 2, failed: 4, skipped: 0 },
      });
      expect(await failedRows(id)).toEqual([
        [2, 'INVALID_INPUT'],
        [3, 'INVALID_INPUT'],
        [4, 'INVALID_INPUT'],
        [6, 'SKU_TAKEN'],
      ]);
      const { products, stock } = await catalogue();
      expect(products.map(({ slug, variants }) => [slug, variants])).toEqual([
        ['a', [['A1', 999, 'USD']]],
        ['d', [['D1', 0, 'USD']]],
      ]);
      expect(stock.map(({ sku, on_hand }) => [sku, on_hand])).toEqual([
        ['A1', 5],
        ['D1', 0],
      ]);
      const file = await fetch(`${shop.env['GATEWAY_URL']}/imports/${id}/result.csv`, {
        headers: bearer(store.key),
      });
      const lines = (await file.text()).trim().split('\r\n');
      expect([lines.length, lines[2]]).toEqual([
        7,
        '2,failed,INVALID_INPUT,stock must be a whole number of zero or more,A2,',
      ]);
    },
  );

  scenario(
    'of the same file twice changes nothing, and a changed row changes its product alone',
    async () => {
      const file = HEADER + rowsOf(40, 'twice');
      expect((await ended(await upload(file))).rows).toEqual({
        total: 40,
        succeeded: 40,
        failed: 0,
        skipped: 0,
      });
      const before = await catalogue();
      expect((await ended(await upload(file))).rows).toEqual({
        total: 40,
        succeeded: 0,
        failed: 0,
        skipped: 40,
      });
      expect(await catalogue()).toEqual(before);
      const changed = file.replace('Item 3,3.5', 'Item 3,4.5');
      expect((await ended(await upload(changed))).rows).toEqual({
        total: 40,
        succeeded: 1,
        failed: 0,
        skipped: 39,
      });
      const versions = (await catalogue()).products.map(({ version }) => version);
      expect(versions.filter((version) => version === 2)).toHaveLength(1);
    },
  );

  scenario('whose worker and API are killed half-way ends with every row once', async () => {
    const id = await upload(HEADER + rowsOf(2_000, 'killed'));
    await eventually('some rows are written', async () =>
      (await look(id)).rows.succeeded > 0 ? true : undefined,
    );
    await shop.kill('worker');
    await shop.kill('products');
    await Promise.all([shop.startProcess('worker'), shop.startProcess('products')]);
    expect(await ended(id)).toMatchObject({
      status: 'completed',
      rows: { total: 2_000, succeeded: 2_000, failed: 0, skipped: 0 },
    });
    const { products, stock } = await catalogue();
    expect([products.length, stock.length]).toEqual([2_000, 2_000]);
    expect(products.filter(({ version }) => version !== 1)).toEqual([]);
  });

  scenario('is paused, stands still and continues, and its failed rows are retried', async () => {
    const other = await upload(`${HEADER}mine,P-7,Mine,1,1,\n`);
    await ended(other);
    const id = await upload(HEADER + rowsOf(2_000, 'P'));
    const paused = await eventually('it can be paused', async () => {
      const answer = await change(id, 'pause');
      return answer.status === 200 ? answer : undefined;
    });
    expect(await paused.json()).toMatchObject({ id, status: 'paused' });
    const still = await eventually('the present batch is over', async () => {
      const first = await look(id);
      await Bun.sleep(700);
      return (await look(id)).rows.succeeded === first.rows.succeeded ? first : undefined;
    });
    expect(still.rows.succeeded).toBeLessThan(2_000);
    expect((await change(id, 'retry')).status).toBe(409);
    expect((await change(id, 'resume')).status).toBe(200);
    const done = await ended(id);
    expect(done).toMatchObject({
      status: 'completed',
      rows: { total: 2_000, succeeded: 1_999, failed: 1, skipped: 0 },
    });
    expect(await failedRows(id)).toEqual([[8, 'SKU_TAKEN']]);
    const [mine] =
      await shop.sql`select id from products.products where store_id = ${store.storeId} and slug = 'mine'`;
    await send(shop, {
      method: 'DELETE',
      path: `/product/${mine?.['id']}`,
      headers: bearer(store.key),
    });
    expect((await change(id, 'retry')).status).toBe(200);
    const again = await eventually('the retry is over', async () => {
      const one = await look(id);
      return one.status === 'completed' && one.rows.failed === 0 ? one : undefined;
    });
    expect(again.rows).toEqual({ total: 2_000, succeeded: 2_000, failed: 0, skipped: 0 });
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
      const id = await upload(file);
      await eventually('the file is read', async () =>
        (await look(id)).rows.total === 600 ? true : undefined,
      );
      const [now] = await shop.sql`select clock_timestamp() as at`;
      shop.freeze('projector', 'SIGCONT');
      expect((await ended(id)).rows.succeeded).toBe(600);
      const [early] = await shop.sql`select count(*)::int as products from products.products
        where store_id = ${store.storeId} and created_at < ${now?.['at'] as Date}`;
      expect(early).toEqual({ products: 0 });
    } finally {
      shop.freeze('projector', 'SIGCONT');
      await cassandra.close();
    }
  });

  scenario('of an unknown format fails as a whole, with its reason', async () => {
    expect(await ended(await upload('1,2,3\n4,5,6\n'))).toMatchObject({
      status: 'failed',
      reason: 'the first line is no header we know',
    });
    expect(await ended(await upload('{"a":1}', '?format=json', 'application/json'))).toMatchObject({
      status: 'failed',
      reason: 'the file is not a JSON array',
    });
    expect(await catalogue()).toEqual({ products: [], stock: [] });
  });

  scenario('of another store is not found', async () => {
    const id = await upload(`${HEADER}a,X1,One,1,1,\n`);
    await ended(id);
    const stranger = await freshStore();
    for (const path of [`/imports/${id}`, `/imports/${id}/rows`, `/imports/${id}/result.csv`]) {
      expect(
        (await send(shop, { method: 'GET', path, headers: bearer(stranger.key) })).status,
      ).toBe(404);
    }
    expect(
      (
        await send(shop, {
          method: 'POST',
          path: `/imports/${id}/retry`,
          headers: bearer(stranger.key),
        })
      ).status,
    ).toBe(404);
  });

  const files: [
    file: string,
    query: string,
    type: string,
    products: number,
    rows: Import['rows'],
  ][] = [
    [
      'spree-products.csv',
      '',
      'text/csv',
      37,
      { total: 211, succeeded: 124, failed: 0, skipped: 87 },
    ],
    [
      'eshop-catalog.json',
      '?format=json&map=name:Name,price:Price,description:Description',
      'application/json',
      101,
      { total: 101, succeeded: 101, failed: 0, skipped: 0 },
    ],
  ];
  for (const [file, query, type, count, rows] of files) {
    testWithData(
      file,
      `of ${file} writes every product, and a second time nothing`,
      async () => {
        store = await freshStore();
        const text = readFileSync(dataPath(file), 'utf8');
        expect(await ended(await upload(text, query, type))).toMatchObject({
          status: 'completed',
          rows,
        });
        const before = await catalogue();
        expect(before.products).toHaveLength(count);
        const again = await ended(await upload(text, query, type));
        expect(again.rows).toMatchObject({ succeeded: 0, failed: 0 });
        expect(await catalogue()).toEqual(before);
      },
      WORKFLOW_LIMIT_MS,
    );
  }

  testWithData(
    'bestbuy-categories.json',
    'of a category tree makes its collections, each below its parent, and fails nodes without a name',
    async () => {
      store = await freshStore();
      const text = readFileSync(dataPath('bestbuy-categories.json'), 'utf8');
      const one = await ended(await upload(text, '', 'application/json'));
      expect(one).toMatchObject({ status: 'completed', rows: { total: 4_584, failed: 1 } });
      const [counts] =
        await shop.sql`select count(*)::int as all, count(distinct handle)::int as handles,
          count(*) filter (where parent_id is null)::int as roots
        from products.collections where store_id = ${store.storeId}`;
      expect(counts).toMatchObject({ all: counts?.['handles'] });
      expect(counts?.['all']).toBeGreaterThan(4_500);
      expect(counts?.['roots']).toBeLessThan(600);
    },
    WORKFLOW_LIMIT_MS,
  );
});
