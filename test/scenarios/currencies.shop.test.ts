// Tests orders in currencies of every kind: sold, given back, booked and compared in their units.
import { beforeAll, describe, expect, test } from 'bun:test';
import { minorFromNumber, type Currency } from '../../domain/money.ts';
import { call } from '../support/accounts.ts';
import {
  ADDRESS,
  asShopper,
  asStore,
  decidedOrder,
  eventually,
  newEmail,
  stockedWare,
  type OrderAnswer,
} from '../support/journeys.ts';
import {
  accountsOf,
  asOperator,
  balance,
  keeps,
  providerView,
  reached,
} from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 120_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

interface Sold {
  currency: Currency;
  price: number;
  quantity: number;
  total: number;
  /** The total in the provider's units. */
  amount: number;
  /** A part that an operator gives back. */
  back: number;
}

const SOLD: Sold[] = [
  { currency: 'EUR', price: 12.34, quantity: 2, total: 24.68, amount: 2_468, back: 0.01 },
  { currency: 'JPY', price: 1_000, quantity: 2, total: 2_000, amount: 2_000, back: 1 },
  { currency: 'KWD', price: 12.345, quantity: 2, total: 24.69, amount: 24_690, back: 0.01 },
  { currency: 'ISK', price: 1_990, quantity: 1, total: 1_990, amount: 199_000, back: 5 },
  { currency: 'UGX', price: 45_000, quantity: 1, total: 45_000, amount: 4_500_000, back: 500 },
  { currency: 'MGA', price: 1_250.5, quantity: 2, total: 2_501, amount: 2_501, back: 7 },
  { currency: 'IDR', price: 15_000_000, quantity: 1, total: 15e6, amount: 15e8, back: 2_500.25 },
];

/** Orders that reconciliation finds no difference of, once it has compared what is there now. */
const unbroken = async (orderIds: string[]): Promise<string[]> => {
  const nowSeconds = Math.ceil(Date.now() / 1_000);
  await eventually('payments are compared', async () => {
    const [row] = await shop.sql`select (at_us / 1000000)::int as at from orders.positions
      where lane = 'payments-new'`;
    return Number(row?.['at'] ?? 0) > nowSeconds ? true : undefined;
  });
  const { body } = await asOperator<{ items: { orderId: string }[] }>(shop, 'GET', 'breaks');
  return orderIds.filter((id) => !body.items.some((one) => one.orderId === id));
};

const refundBy = (orderId: string, amount: number) =>
  asOperator<{ code?: string; detail?: string }>(shop, 'POST', `orders/${orderId}/refund`, {
    amount,
    note: 'a gesture',
  });

describe('an order in', () => {
  const ids: string[] = [];

  test.each(SOLD)(
    '$currency is charged and given back in its own units',
    async ({ currency, price, quantity, total, amount, back }) => {
      const { sku } = await stockedWare(shop, 5, price, currency);
      const bought = await decidedOrder(shop, { sku, quantity, expectedTotal: total });
      expect(bought).toMatchObject({ status: 201, body: { total, currency } });
      const { id } = bought.body;
      ids.push(id);
      await reached(shop, id, 'delivered');
      const { intents, paid } = await providerView(shop, id);
      expect(intents).toMatchObject([{ amount, amount_received: amount }]);
      expect(paid).toMatchObject([{ amount_captured: amount, amount_refunded: 0 }]);
      expect((await refundBy(id, back)).status).toBe(200);
      const left = minorFromNumber(total, currency) - minorFromNumber(back, currency);
      await keeps(shop, id, left);
      await eventually('the refund is booked', async () => {
        const accounts = await accountsOf(shop, id);
        return accounts['card_provider'] === left ? true : undefined;
      });
      const { body } = await asShopper(shop, bought.body, 'GET');
      expect(body.payment).toMatchObject({ refunded: back, refunds: [{ amount: back }] });
    },
    LIMIT_MS,
  );

  test(
    'any of them is the same in our ledger as in that of the provider',
    async () => expect(await unbroken(ids)).toEqual(ids),
    LIMIT_MS,
  );

  test(
    'a currency with steps gives back whole steps: an operator is refused, a return is rounded',
    async () => {
      const { sku } = await stockedWare(shop, 5, 12.345, 'KWD');
      const { body } = await decidedOrder(shop, { sku, quantity: 2 });
      await reached(shop, body.id, 'delivered');
      const refused = await refundBy(body.id, 0.005);
      expect([refused.status, refused.body.code]).toEqual([422, 'AMOUNT_NOT_CHARGEABLE']);
      const lines = [{ sku, quantity: 1 }];
      for (const refund of [12.35, 12.34]) {
        const asked = await call<{ refund: number }>(shop, 'POST', `/orders/${body.id}/returns`, {
          body: { lines },
          token: body.accessToken,
          headers: { 'idempotency-key': crypto.randomUUID() },
        });
        expect(asked).toMatchObject({ status: 201, body: { refund } });
      }
      await keeps(shop, body.id, 0);
      await eventually('both refunds are booked', async () => {
        const accounts = await accountsOf(shop, body.id);
        return Object.keys(accounts).length === 0 ? true : undefined;
      });
    },
    LIMIT_MS,
  );
});

describe('an order is refused before anything is reserved', () => {
  const REFUSED: [what: string, price: number, currency: Currency][] = [
    ['in a currency that cards do not pay in', 12.5, 'LYD'],
    ['of an amount between the steps of the provider', 12.345, 'KWD'],
    ['of a fraction of an ariary', 1_250.5, 'MGA'],
    ['above what the provider charges', 1_000_000, 'UGX'],
    ['above what any amount may be', 1_500_000_000, 'VND'],
  ];
  test.each(REFUSED)(
    '%s',
    async (_, price, currency) => {
      const { sku } = await stockedWare(shop, 5, price, currency);
      const quantity = currency === 'VND' ? 2 : 1;
      const { status, body } = await decidedOrder(shop, { sku, quantity });
      expect([status, body.code]).toEqual([422, 'AMOUNT_NOT_CHARGEABLE']);
      expect(await balance(shop, sku)).toEqual({ on_hand: 5, reserved: 0 });
    },
    LIMIT_MS,
  );
});

describe('an expected total', () => {
  test(
    "is read in the order's currency",
    async () => {
      const { sku } = await stockedWare(shop, 5, 1_000, 'JPY');
      const other = await decidedOrder(shop, { sku, expectedTotal: 10 });
      expect([other.status, other.body.code]).toEqual([409, 'PRICE_CHANGED']);
      const cents = await decidedOrder(shop, { sku, expectedTotal: 1_000.5 });
      expect([cents.status, cents.body.code]).toEqual([400, 'INVALID_INPUT']);
      expect((await decidedOrder(shop, { sku, expectedTotal: 1_000 })).status).toBe(201);
    },
    LIMIT_MS,
  );

  test(
    'of a cart is that of the currency which it showed',
    async () => {
      const { sku, productId } = await stockedWare(shop, 5, 1_000, 'JPY');
      const made = await call<{ id: string }>(shop, 'POST', '/carts', {
        body: { lines: [{ sku, quantity: 1 }] },
      });
      const buy = () =>
        call<OrderAnswer>(shop, 'POST', `/carts/${made.body.id}/checkout`, {
          body: {
            email: newEmail(),
            shippingAddress: ADDRESS,
            paymentMethod: 'pm_card_visa',
            expectedTotal: 1_000,
          },
          headers: { 'idempotency-key': crypto.randomUUID() },
        });
      const dearer = await asStore(shop, 'PUT', `/product/${productId}`, {
        price: 1_000,
        currency: 'USD',
      });
      expect(dearer.status).toBe(200);
      const refused = await buy();
      expect([refused.status, refused.body.code]).toEqual([409, 'PRICE_CHANGED']);
      await asStore(shop, 'PUT', `/product/${productId}`, { price: 1_000, currency: 'JPY' });
      const bought = await buy();
      expect([201, 202]).toContain(bought.status);
      expect(bought.body).toMatchObject({ total: 1_000, currency: 'JPY' });
    },
    LIMIT_MS,
  );
});
