// Tests shoppers of every country: addresses without postal codes.
import { beforeAll, describe, expect, test } from 'bun:test';
import { call } from '../support/accounts.ts';
import {
  ADDRESS,
  asShopper,
  decidedOrder,
  graphql,
  stockedWare,
  type OrderAnswer,
} from '../support/journeys.ts';
import { reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 90_000;
const HONG_KONG = {
  name: 'Robin Shopper',
  line1: '8 Finance Street',
  city: 'Central',
  region: '',
  country: 'HK',
};
const KEPT = { name: 'Robin Shopper', line1: '8 Finance Street', city: 'Central', country: 'HK' };

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const buying = (sku: string, more: object = {}) =>
  call<OrderAnswer>(shop, 'POST', '/orders', {
    body: {
      lines: [{ sku, quantity: 1 }],
      email: 'shopper@holdfast.example',
      shippingAddress: HONG_KONG,
      paymentMethod: 'pm_card_visa',
      ...more,
    },
    headers: { 'idempotency-key': crypto.randomUUID() },
  });

const addressOf = async (id: string): Promise<unknown> => {
  const [row] = await shop.sql`select shipping_address from orders.orders where id = ${id}`;
  return row?.['shipping_address'];
};

const PLACE = `mutation ($input: PlaceOrderInput!, $key: String) {
  placeOrder(input: $input, idempotencyKey: $key) { id } }`;

describe('an address of a country without postal codes', () => {
  test(
    'is taken without one, and the parcel arrives',
    async () => {
      const { sku } = await stockedWare(shop, 5);
      const { status, body } = await buying(sku);
      expect([201, 202]).toContain(status);
      await reached(shop, body.id, 'delivered');
      expect(await addressOf(body.id)).toEqual(KEPT);
    },
    LIMIT_MS,
  );

  test(
    'is taken by GraphQL, and where an order is sent to another address',
    async () => {
      const { sku } = await stockedWare(shop, 5);
      const input = {
        lines: [{ sku, quantity: 1 }],
        email: 'shopper@holdfast.example',
        shippingAddress: { ...HONG_KONG, postalCode: null },
        paymentMethod: 'pm_card_visa',
      };
      const placed = await graphql(shop, PLACE, { input, key: crypto.randomUUID() });
      expect(placed.body.errors).toBeUndefined();

      const paymentMethod = 'pm_card_authenticationRequired';
      const { body: waiting } = await decidedOrder(shop, { sku, paymentMethod });
      const move = (shippingAddress: object) =>
        asShopper(shop, waiting, 'PUT', '/address', { shippingAddress });
      expect((await move({ ...HONG_KONG, country: 'GB' })).status).toBe(400);
      expect((await move({ ...ADDRESS, country: 'ZZ' })).status).toBe(400);
      expect((await move(HONG_KONG)).status).toBe(200);
      expect(await addressOf(waiting.id)).toEqual(KEPT);
    },
    LIMIT_MS,
  );

  test(
    'is taken for what is sent back',
    async () => {
      const path = '/stores/sto_default/return-settings';
      const token = shop.env['OPERATOR_KEY'] ?? '';
      const before = (await call(shop, 'GET', path, { token })).body;
      const body = { ...before, address: HONG_KONG };
      const put = await call(shop, 'PUT', path, { token, body });
      expect(put).toMatchObject({ status: 200, body: { address: KEPT } });
      expect((await call(shop, 'GET', path, { token })).body).toMatchObject({ address: KEPT });
      expect((await call(shop, 'PUT', path, { token, body: before })).status).toBe(200);
    },
    LIMIT_MS,
  );
});
