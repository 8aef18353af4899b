// Tests that no service behind the gateway accepts a call without a token made for it.
import { beforeAll, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { UnsecuredJWT } from 'jose';
import type { ServiceKey } from '../../apis/rpc/tokens.ts';
import { newId } from '../../domain/ids.ts';
import { JSON_TYPE, newEmail, stockedWare, type Ware } from '../support/journeys.ts';
import { bearer, expectNoInsides, ordersOf, tooLong } from '../support/refusals.ts';
import { serviceToken, type Claims } from '../support/service-tokens.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
let ware: Ware;
const email = newEmail();
beforeAll(async () => {
  shop = await openShop();
  ware = await stockedWare(shop, 2);
}, UP_LIMIT_MS);

interface Call {
  /** The audience its tokens must name. */
  service: 'inventory' | 'orders' | 'products';
  rpc: string;
  body: () => unknown;
}

const CALLS: Call[] = [
  {
    service: 'inventory',
    rpc: 'holdfast.inventory.v1.InventoryService/ReceiveStock',
    body: () => ({ receiptId: newId('event'), sku: ware.sku, quantity: 5 }),
  },
  {
    service: 'inventory',
    rpc: 'holdfast.inventory.v1.InventoryService/Reserve',
    body: () => {
      const lines = [{ sku: ware.sku, quantity: 1 }];
      return { reservationId: newId('reservation'), lines, expiresIn: '60s' };
    },
  },
  {
    service: 'orders',
    rpc: 'holdfast.orders.v1.OrdersService/PlaceOrder',
    body: () => ({ email, lines: [{ sku: ware.sku, quantity: 1 }] }),
  },
  {
    service: 'products',
    rpc: 'holdfast.products.v1.ProductsService/BatchGetPrices',
    body: () => ({ skus: [ware.sku] }),
  },
];

const call = (
  { service, rpc, body }: Call,
  headers: Record<string, string>,
  raw: string = JSON.stringify(body()),
) =>
  fetch(`${shop.env[`${service.toUpperCase()}_URL`]}/${rpc}`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: raw,
  });

const expectRefused = async (response: Response, status: number, code: string): Promise<void> => {
  const text = await response.text();
  expectNoInsides(text);
  expect([response.status, JSON.parse(text)]).toEqual([status, expect.objectContaining({ code })]);
  expect(response.headers.get('content-type')).toBe('application/json');
};

/** A token as the gateway mints it, except for the given changes. */
const token = (service: string, claims: Partial<Claims> = {}): Promise<string> =>
  serviceToken({ audience: service, ...claims });

const strangersKey = (): ServiceKey => {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { ...jwk, kid: 'gateway-1', sub: 'gateway', signsFrom: 0 };
};

const unsigned = (service: string): string =>
  new UnsecuredJWT({ storeId: 'sto_default' })
    .setIssuer('holdfast')
    .setSubject('gateway')
    .setAudience(service)
    .setExpirationTime('60s')
    .encode();

const other = (service: string): string => (service === 'orders' ? 'inventory' : 'orders');

type Headers = (service: string) => Promise<Record<string, string>>;
const withToken =
  (claims: (service: string) => Partial<Claims>): Headers =>
  async (service) =>
    bearer(await token(service, claims(service)));

const STRANGERS: [name: string, headers: Headers][] = [
  ['no token', async () => ({})],
  ['an empty token', async () => bearer('')],
  ['a name for a token', async () => bearer('gateway')],
  ['a token of another scheme', async (service) => ({ authorization: await token(service) })],
  ["a store's API key", async () => bearer(shop.env['STORE_KEY'] ?? '')],
  ['an unsigned token', async (service) => bearer(unsigned(service))],
  ['a token signed with another key', withToken(() => ({ key: strangersKey() }))],
  ['a token for another service', withToken((service) => ({ audience: other(service) }))],
  ['a token of another issuer', withToken(() => ({ issuer: 'another' }))],
  ['a token that has expired', withToken(() => ({ expires: '-1s' }))],
  ['a token that never expires', withToken(() => ({ expires: undefined }))],
  ['a token of no store', withToken(() => ({ storeId: undefined }))],
  ['a token of a store of another shape', withToken(() => ({ storeId: '../default' }))],
];

for (const one of CALLS) {
  describe(`${one.rpc} called with`, () => {
    for (const [name, headers] of STRANGERS) {
      test(`${name} is refused: unauthenticated`, async () => {
        const before = await ordersOf(shop, ware.sku, email);
        const response = await call(one, await headers(one.service));
        await expectRefused(response, 401, 'unauthenticated');
        expect(await ordersOf(shop, ware.sku, email)).toEqual(before);
      });
    }

    const bad: [name: string, raw: () => string, status: number, code: string][] = [
      ['malformed JSON', () => '{"sku":', 400, 'invalid_argument'],
      ['an unknown field', () => '{"colour":"red"}', 400, 'invalid_argument'],
      ['a body over 1 MiB', tooLong, 429, 'resource_exhausted'],
    ];
    for (const [name, raw, status, code] of bad) {
      test(`${name} is refused: ${code}`, async () => {
        const before = await ordersOf(shop, ware.sku, email);
        await expectRefused(await call(one, bearer(await token(one.service)), raw()), status, code);
        expect(await ordersOf(shop, ware.sku, email)).toEqual(before);
      });
    }
  });
}

describe('a service', () => {
  for (const one of CALLS.slice(1)) {
    test(`has no method that ${one.service} does not name`, async () => {
      const rpc = one.rpc.replace(/\/.*/, '/DropEverything');
      const response = await call({ ...one, rpc }, bearer(await token(one.service)));
      expectNoInsides(await response.text());
      expect(response.status).toBe(404);
    });
  }

  test('accepts a token that is made for it', async () => {
    const [, reserve] = CALLS;
    if (!reserve) throw new Error('there is no call to make');
    expect(
      (await call(reserve, bearer(await token('inventory', { subject: 'worker' })))).status,
    ).toBe(200);
  });
});
