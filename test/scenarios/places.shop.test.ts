// Tests shoppers of every country: addresses without postal codes, e-mail in any script.
import { beforeAll, describe, expect, test } from 'bun:test';
import {
  call,
  confirmAddress,
  mailedToken,
  mailsTo,
  newMember,
  signIn,
} from '../support/accounts.ts';
import {
  ADDRESS,
  asShopper,
  decidedOrder,
  eventually,
  graphql,
  stockedWare,
  type OrderAnswer,
} from '../support/journeys.ts';
import { mailTo, reached } from '../support/judges.ts';
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

const unique = (): string => crypto.randomUUID().replace(/[^a-f]/g, '') + Date.now().toString(36);

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

describe('an e-mail address whose domain is in another script', () => {
  test(
    'is mailed to in its ASCII form, and is the same guest as that',
    async () => {
      const name = unique();
      const [shown, ascii] = [`${name}@bücher.example`, `${name}@xn--bcher-kva.example`];
      const { sku } = await stockedWare(shop, 5);
      const key = crypto.randomUUID();
      const bought = await decidedOrder(shop, { sku, email: shown, key });
      expect(bought.status).toBe(201);
      const again = await decidedOrder(shop, { sku, email: ascii, key });
      expect(again.body.id).toBe(bought.body.id);
      await eventually('its mail', async () => (await mailTo(shop, ascii))[0]);
      const refused = await buying(sku, { email: 'müller@shop.example' });
      expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
    },
    LIMIT_MS,
  );

  test(
    'is one account in both spellings, of any top domain',
    async () => {
      const name = unique();
      const [shown, ascii] = [`${name}@例子.中国`, `${name}@xn--fsqu00a.xn--fiqs8s`];
      const { token } = await newMember(shop, shown);
      expect((await call(shop, 'GET', '/me', { token })).body).toMatchObject({ email: ascii });
      expect((await signIn(shop, ascii)).status).toBe(200);
      await confirmAddress(shop, ascii);
      const signUp = { name: 'Other', email: shown, password: 'another password of these tests' };
      expect((await call(shop, 'POST', '/auth/sign-up/email', { body: signUp })).status).toBe(202);
      expect((await signIn(shop, shown, signUp.password)).status).toBe(401);

      const lost = { body: { email: shown } };
      expect((await call(shop, 'POST', '/auth/request-password-reset', lost)).status).toBe(202);
      const reset = await mailedToken(shop, ascii, 'A new password');
      const body = { token: reset, newPassword: signUp.password };
      expect((await call(shop, 'POST', '/auth/reset-password', { body })).status).toBe(200);
      expect((await signIn(shop, shown, signUp.password)).status).toBe(200);
      expect((await mailsTo(shop, ascii)).length).toBeGreaterThan(1);
    },
    LIMIT_MS,
  );
});
