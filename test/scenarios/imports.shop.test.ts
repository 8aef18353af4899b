// Tests imports on the public API: valid and invalid files, paused, and repeated.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { newId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/permissions.ts';
import { dataPath, testWithData } from '../support/data.ts';
import { HOLD, inventoryOf } from '../support/inventory.ts';
import { HEADER, newImporter, rowsOf, type Import, type Importer } from '../support/importer.ts';
import { decidedOrder, eventually } from '../support/journeys.ts';
import { bearer, expectProblem, newKey, send } from '../support/refusals.ts';
import { serviceToken } from '../support/service-tokens.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: Shop;
let store: Importer;
beforeAll(async () => {
  shop = await openShop();
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
  scenario(
    'of valid and invalid rows writes the valid ones, gives the reason of the others, and sets the stock',
    async () => {
      const id = await store.upload(
        `\uFEFF${HEADER}a,A1,One,9.99,5,Gear\r\na,A2,,8,-1,\rb,B1,Two,,3,\nc,C1,,5,3,\nd,D1,"Th""ree",0,0,\ne,A1,Thief,1,1,\n`,
      );
      expect(await store.ended(id)).toMatchObject({
        status: 'completed',
        rows: { total: 6, succeeded: 3, failed: 3, skipped: 0 },
        report: {
          made: { count: 2 },
          refused: { count: 3 },
          leftOut: { count: 1, first: [{ row: 2, sku: 'A2' }] },
        },
      });
      expect(await store.failedRows(id)).toEqual([
        [3, 'INVALID_INPUT'],
        [4, 'INVALID_INPUT'],
        [6, 'SKU_TAKEN'],
      ]);
      const { products, stock } = await store.catalogue();
      expect(products.map(({ slug, variants }) => [slug, variants])).toEqual([
        [
          'a',
          [
            ['A1', 999, 'USD'],
            ['A2', 800, 'USD'],
          ],
        ],
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
      expect(lines).toHaveLength(7);
      expect(lines[2]).toMatch(/^2,succeeded,,stock was left out: [^,]+,A2,prd_\w+$/);
    },
  );

  scenario('that is a dry run says what would be done, and does nothing', async () => {
    await store.ended(
      await store.upload(`${HEADER}a,A1,One,9.99,5,Gear\nu,U1,Same,1,2,\nv,V1,Counted,1,8,\n`),
    );
    const before = await store.catalogue();
    const file =
      `slug,sku,name,price,inventory,collection,Inventory Level\n` +
      `a,A1,One,8.99,6,Tools,\nu,U1,Same,1,2,,\nb,B1,Two,5,7,Gear,3\nc,C1,Three,,,,\n` +
      `v,V1,Counted,1,9,,\n`;
    const dry = await store.ended(await store.upload(file, '?dryRun=true'));
    expect(dry).toMatchObject({
      status: 'completed',
      dryRun: true,
      rows: { total: 5, succeeded: 3, failed: 1, skipped: 1 },
      report: {
        format: 'holdfast',
        encoding: 'utf-8',
        currency: { code: 'USD', from: 'store' },
        decimal: { sign: '.', from: 'file' },
        unknownColumns: [{ column: 'Inventory Level', values: 1, suggestion: 'inventory' }],
        made: { count: 1, first: [{ row: 3, name: 'Two', sku: 'B1' }] },
        changed: {
          count: 2,
          first: [
            { row: 1, name: 'One', sku: 'A1', fields: ['prices', 'collections'] },
            { row: 5, name: 'Counted', sku: 'V1', fields: ['stock'] },
          ],
        },
        refused: {
          count: 1,
          first: [{ row: 4, code: 'INVALID_INPUT', message: 'price is missing' }],
        },
      },
    });
    expect(await store.catalogue()).toEqual(before);
    expect(await store.failedRows(dry.id)).toEqual([[4, 'INVALID_INPUT']]);
    const real = await store.ended(await store.upload(file));
    expect(real.rows).toEqual(dry.rows);
    for (const kind of ['made', 'changed', 'refused'] as const) {
      const shown = ({ report }: Import) => [
        report?.[kind].count,
        report?.[kind].first.map(({ row }) => row),
      ];
      expect(shown(real)).toEqual(shown(dry));
    }
    expect((await store.catalogue()).products.map(({ slug }) => slug)).toEqual([
      'a',
      'b',
      'u',
      'v',
    ]);
  });

  scenario('shows every refused row in its report, whatever refuses it', async () => {
    const list = [
      { sku: 'J1', name: 'One', price: 5, stock: 3 },
      'text',
      { sku: 'J2', name: 'Two' },
    ];
    const id = await store.upload(JSON.stringify(list), '', 'application/json');
    expect((await store.ended(id)).report?.refused).toEqual({
      count: 2,
      first: [
        { row: 2, code: 'MALFORMED_ROW', message: 'is not an object' },
        { row: 3, code: 'INVALID_INPUT', message: 'price is missing', sku: 'J2' },
      ],
    } as unknown as NonNullable<Import['report']>['refused']);
    const { storeId } = store;
    const token = await serviceToken({ audience: 'inventory', subject: 'local', storeId });
    const inventory = inventoryOf({ ...shop, env: { ...shop.env, INTERNAL_TOKEN: token } });
    await inventory.reserve({
      reservationId: newId('reservation'),
      lines: [{ sku: 'J1', quantity: 2 }],
      expiresIn: HOLD,
      attempt: 1,
    });
    for (const query of ['?dryRun=true', '']) {
      const below = await store.ended(
        await store.upload('sku,name,price,stock\nJ1,One,5,1', query),
      );
      expect(below.report?.refused).toMatchObject({ count: 1, first: [{ row: 1 }] });
    }
  });

  scenario('finds its products by their handles, skus and names, never by a slug', async () => {
    await store.ended(await store.upload('name,price\nKit+,10\nΦλιτζάνι,5\n'));
    await store.ended(await store.upload('name,price\nKit-,20\nΚαράφα,7\nΦΛΙΤΖΆΝΙ,6\n'));
    const { products } = await store.catalogue();
    expect(products.map(({ name, version }) => `${name} ${version}`).toSorted()).toEqual([
      'Kit+ 1',
      'Kit- 1',
      'Καράφα 1',
      'ΦΛΙΤΖΆΝΙ 2',
    ]);
    const handles = 'Handle,Title,Variant SKU,Variant Price\n';
    const first = await store.upload(`${handles}コーヒー-1,Coffee,A,10\n紅茶-1,Tea,B,18\n`);
    expect((await store.ended(first)).rows).toMatchObject({ succeeded: 2 });
    const rows = await store.upload(`${handles}紅茶-1,Tee,B,18\nコーヒー-1,Kaffee,C,11\n`);
    expect((await store.ended(rows)).report).toMatchObject({
      made: { count: 0 },
      changed: { count: 2 },
    });
    const twice = await store.upload('sku,name,price\nB,Tee,18\n,Tee,19\n');
    await store.ended(twice);
    expect(await store.failedRows(twice)).toEqual([[2, 'AMBIGUOUS_PRODUCT']]);
  });

  scenario('may have skus of any printable characters, which are sold as they are', async () => {
    const sku = '#12 (blau), Größe+{x}';
    const key = shop.env['STORE_KEY'] ?? '';
    const file = `sku,name,price,stock\n"${sku}",Ware ${crypto.randomUUID()},12.50,3\n`;
    const headers = { ...bearer(key), 'content-type': 'text/csv' };
    const upload = await send(shop, { method: 'POST', path: '/imports', headers, raw: file });
    const { id } = (await upload.json()) as { id: string };
    await eventually('the file is imported', async () => {
      const answer = await send(shop, { method: 'GET', path: `/imports/${id}`, headers });
      const { status, rows } = (await answer.json()) as Import;
      expect(rows.failed).toBe(0);
      return status === 'completed' ? true : undefined;
    });
    const { status, body } = await decidedOrder(shop, { sku, quantity: 2 });
    expect([status, body.total]).toEqual([201, 25]);
    const [held] = await shop.sql`select on_hand, reserved from inventory.balances
      where sku = ${sku}`;
    expect(held).toEqual({ on_hand: 1, reserved: 0 });
  });

  scenario('sets nothing that the other scopes of its key do not allow', async () => {
    const { storeId } = store;
    const uploads = async (scopes: Scope[], file: string) => {
      const key = await newKey(shop, storeId, ['imports:write', ...scopes]);
      const headers = { ...bearer(key), 'content-type': 'text/csv' };
      return send(shop, { method: 'POST', path: '/imports', headers, raw: file });
    };
    const idOf = async (response: Response): Promise<string> => {
      expect(response.status).toBe(202);
      return ((await response.json()) as { id: string }).id;
    };
    const file = `${HEADER}s,S1,One,9.99,,\nt,T1,Two,5,7,\n`;
    const withoutProducts = await uploads(['inventory:write'], file);
    await expectProblem(withoutProducts, 403, 'PERMISSION_DENIED');

    const refused = await idOf(await uploads(['products:write'], file));
    expect(await store.ended(refused)).toMatchObject({
      status: 'failed',
      reason: 'row 2 has stock, and the key of the import lacks the scope inventory:write',
    });
    expect(await store.catalogue()).toEqual({ products: [], stock: [] });

    const noStock = await uploads(['products:write'], `${HEADER}s,S1,One,9.99,,\n`);
    expect(await store.ended(await idOf(noStock))).toMatchObject({ status: 'completed' });
    const both = await uploads(['products:write', 'inventory:write'], file);
    expect(await store.ended(await idOf(both))).toMatchObject({ status: 'completed' });
    const { stock } = await store.catalogue();
    expect(stock.map(({ sku, on_hand }) => [sku, on_hand])).toEqual([['T1', 7]]);
  });

  scenario(
    'of the same file twice changes nothing, and a changed row changes its product alone',
    async () => {
      const file = HEADER + rowsOf(40, 'twice');
      expect((await store.ended(await store.upload(file))).rows).toEqual({
        total: 40,
        succeeded: 40,
        failed: 0,
        skipped: 0,
      });
      const before = await store.catalogue();
      expect((await store.ended(await store.upload(file))).rows).toEqual({
        total: 40,
        succeeded: 0,
        failed: 0,
        skipped: 40,
      });
      expect(await store.catalogue()).toEqual(before);
      const changed = file.replace('Item 3,3.5', 'Item 3,4.5');
      expect((await store.ended(await store.upload(changed))).rows).toEqual({
        total: 40,
        succeeded: 1,
        failed: 0,
        skipped: 39,
      });
      const versions = (await store.catalogue()).products.map(({ version }) => version);
      expect(versions.filter((version) => version === 2)).toHaveLength(1);
    },
  );

  scenario('is paused, stands still and continues, and its failed rows are retried', async () => {
    const other = await store.upload(`${HEADER}mine,P-7,Mine,1,1,\n`);
    await store.ended(other);
    const id = await store.upload(HEADER + rowsOf(2_000, 'P'));
    const paused = await eventually('it can be paused', async () => {
      const answer = await store.change(id, 'pause');
      return answer.status === 200 ? answer : undefined;
    });
    expect(await paused.json()).toMatchObject({ id, status: 'paused' });
    const still = await eventually('the present batch is over', async () => {
      const first = await store.look(id);
      await Bun.sleep(700);
      return (await store.look(id)).rows.succeeded === first.rows.succeeded ? first : undefined;
    });
    expect(still.rows.succeeded).toBeLessThan(2_000);
    const { report } = await store.look(id);
    expect(report).toMatchObject({ format: 'holdfast', unknownColumns: [] });
    // Counting them reads every row: they are counted once, at the end.
    expect(report).not.toHaveProperty('made');
    expect((await store.change(id, 'retry')).status).toBe(409);
    expect((await store.change(id, 'resume')).status).toBe(200);
    const done = await store.ended(id);
    expect(done).toMatchObject({
      status: 'completed',
      rows: { total: 2_000, succeeded: 1_999, failed: 1, skipped: 0 },
    });
    expect(await store.failedRows(id)).toEqual([[8, 'SKU_TAKEN']]);
    const [mine] =
      await shop.sql`select id from products.products where store_id = ${store.storeId} and slug = 'mine'`;
    await send(shop, {
      method: 'DELETE',
      path: `/product/${mine?.['id']}`,
      headers: bearer(store.key),
    });
    expect((await store.change(id, 'retry')).status).toBe(200);
    const again = await eventually('the retry is over', async () => {
      const one = await store.look(id);
      return one.status === 'completed' && one.rows.failed === 0 ? one : undefined;
    });
    expect(again.rows).toEqual({ total: 2_000, succeeded: 2_000, failed: 0, skipped: 0 });
  });

  scenario('of an unknown format fails as a whole, with its reason', async () => {
    expect(await store.ended(await store.upload('1,2,3\n4,5,6\n'))).toMatchObject({
      status: 'failed',
      reason: 'the first line is no header we know',
    });
    expect(
      await store.ended(await store.upload('{"a":1}', '?format=json', 'application/json')),
    ).toMatchObject({
      status: 'failed',
      reason: 'the file is not a JSON array',
    });
    expect(await store.catalogue()).toEqual({ products: [], stock: [] });
  });

  scenario('of another store is not found', async () => {
    const id = await store.upload(`${HEADER}a,X1,One,1,1,\n`);
    await store.ended(id);
    const stranger = await newImporter(shop);
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
        store = await newImporter(shop);
        const text = readFileSync(dataPath(file), 'utf8');
        expect(await store.ended(await store.upload(text, query, type))).toMatchObject({
          status: 'completed',
          rows,
        });
        const before = await store.catalogue();
        expect(before.products).toHaveLength(count);
        const again = await store.ended(await store.upload(text, query, type));
        expect(again.rows).toMatchObject({ succeeded: 0, failed: 0 });
        expect(await store.catalogue()).toEqual(before);
      },
      WORKFLOW_LIMIT_MS,
    );
  }

  testWithData(
    'bestbuy-categories.json',
    'of a category tree makes its collections, each below its parent, and fails nodes without a name',
    async () => {
      store = await newImporter(shop);
      const text = readFileSync(dataPath('bestbuy-categories.json'), 'utf8');
      const one = await store.ended(await store.upload(text, '', 'application/json'));
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
