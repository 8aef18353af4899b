// Tests that a store chooses the language of its search, which changes without a rebuild.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { clientOf } from '../../apis/rpc/client.ts';
import { storeLanguages } from '../../apis/search/languages.ts';
import { newId } from '../../domain/ids.ts';
import { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { eventually } from '../support/journeys.ts';
import { newReadSide, putWare, type ReadSideOfTest } from '../support/read-side.ts';
import { bearer, expectProblem, newStore, send } from '../support/refusals.ts';
import { serviceToken } from '../support/service-tokens.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;

let shop: Shop;
let side: ReadSideOfTest;
beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'fatal');
  const products = clientOf(ProductsService, {
    url: shop.env['PRODUCTS_URL'] ?? '',
    audience: 'products',
    mint: (audience, storeId) => serviceToken({ subject: 'search', audience, storeId }),
    telemetry,
  });
  side = await newReadSide(shop, storeLanguages(products, telemetry));
}, UP_LIMIT_MS);
afterAll(() => side.tables.close());

const pathOf = (storeId: string): string => `/stores/${storeId}/search-settings`;

const settings = (method: string, body?: unknown, storeId: string = side.storeId) =>
  send(shop, {
    method,
    path: pathOf(storeId),
    headers: bearer(shop.env['OPERATOR_KEY'] ?? ''),
    ...(body !== undefined && { body }),
  });

const QUERY = 'query ($text: String) { products(text: $text) { edges { node { name } } } }';

const named = async (text: string): Promise<string[]> => {
  const { products } = await side.request<{ products: { edges: { node: { name: string } }[] } }>(
    QUERY,
    { text },
  );
  return products.edges.map(({ node }) => node.name);
};

test(
  'products are found by stems of the language that their store has now',
  async () => {
    expect(await (await settings('GET')).json()).toEqual({ language: 'en' });
    const createdAtUs = Date.now() * 1_000;
    const ware = { id: newId('product'), name: 'Stuhl Kind', priceMinor: 2_000, createdAtUs };
    await putWare(side.readSide, side.storeId, ware);
    expect([await named('kinds'), await named('kindern')]).toEqual([[ware.name], []]);

    const changed = await settings('PUT', { language: 'de' });
    expect([changed.status, await changed.json()]).toEqual([200, { language: 'de' }]);
    expect(await (await settings('GET')).json()).toEqual({ language: 'de' });
    const found = await eventually('queries follow the setting', async () => {
      const names = await named('kindern');
      return names.length > 0 ? names : undefined;
    });
    expect(found).toEqual([ware.name]);
    const other = await settings('GET', undefined, newId('store'));
    expect(await other.json()).toEqual({ language: 'en' });
  },
  LIMIT_MS,
);

test.each([{ language: 'xx' }, {}, { language: 'de', more: 1 }])('%j is refused', async (body) => {
  await expectProblem(await settings('PUT', body), 400, 'INVALID_INPUT');
});

test("a store's key cannot set it", async () => {
  const { storeId, key } = await newStore(shop, ['products:write']);
  const sent = {
    method: 'PUT',
    path: pathOf(storeId),
    headers: bearer(key),
    body: { language: 'fr' },
  };
  await expectProblem(await send(shop, sent), 403, 'PERMISSION_DENIED');
});
