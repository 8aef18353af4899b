// The three scenarios that must hold with one and with two of each process.
import { expect } from 'bun:test';
import {
  decidedOrder,
  eventually,
  newEmail,
  placeOrder,
  searched,
  stockedWare,
} from './journeys.ts';
import { balance, mailTo, orderRow, providerView, reached } from './judges.ts';
import type { Shop } from './shop.ts';

export const boughtAndDelivered = async (shop: Shop): Promise<void> => {
  const ware = await stockedWare(shop, 10, 29.99);
  const found = await searched(shop, ware);
  expect(found.variants).toEqual([{ sku: ware.sku, price: 29.99, stock: { available: 10 } }]);

  const email = newEmail();
  const { status, body } = await decidedOrder(shop, { sku: ware.sku, quantity: 2, email });
  expect(status).toBe(201);
  expect(body).toMatchObject({ total: 59.98, payment: { status: 'captured' } });
  await reached(shop, body.id, 'delivered');

  const { intents, paid } = await providerView(shop, body.id);
  expect(intents).toHaveLength(1);
  expect(paid.map((charge) => charge.amount_captured)).toEqual([5998]);
  expect(await balance(shop, ware.sku)).toEqual({ on_hand: 8, reserved: 0 });
  const subjects = await eventually('three mails have arrived', async () => {
    const mails = await mailTo(shop, email);
    return mails.length >= 3 ? mails : undefined;
  });
  expect(subjects.map((subject) => subject.replace(/ \(.*/, '')).toSorted()).toEqual([
    'Your order is confirmed',
    'Your parcel has arrived',
    'Your parcel is on its way',
  ]);
};

export const declinedWithoutTrace = async (shop: Shop): Promise<void> => {
  const ware = await stockedWare(shop, 3);
  const paymentMethod = 'pm_card_visa_chargeDeclined';
  const { status, body } = await decidedOrder(shop, { sku: ware.sku, quantity: 3, paymentMethod });
  expect(status).toBe(402);
  expect(body).toMatchObject({ code: 'CARD_DECLINED', order: { status: 'rejected' } });

  const orderId = body.order?.id ?? '';
  const { intents, paid } = await providerView(shop, orderId);
  expect(paid).toEqual([]);
  expect(intents.map((intent) => intent.status)).toEqual(['canceled']);
  expect(await balance(shop, ware.sku)).toEqual({ on_hand: 3, reserved: 0 });
  expect(await orderRow(shop, orderId)).toMatchObject({ end_code: 'CARD_DECLINED' });
};

const CALLS = 20;

export const twentyCallsOneOrder = async (shop: Shop): Promise<void> => {
  const ware = await stockedWare(shop, 50);
  const options = { sku: ware.sku, email: newEmail(), key: crypto.randomUUID() };
  const calls = Array.from({ length: CALLS }, () => decidedOrder(shop, options));
  const answers = await Promise.all(calls);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  const ids = [...new Set(answers.map(({ body }) => body.id))];
  expect(ids).toHaveLength(1);
  const [orderId = ''] = ids;
  await reached(shop, orderId, 'delivered');
  const { intents, paid } = await providerView(shop, orderId);
  expect([intents.length, paid.length]).toEqual([1, 1]);
  expect(await balance(shop, ware.sku)).toEqual({ on_hand: 49, reserved: 0 });
  const again = await placeOrder(shop, options);
  expect(again).toMatchObject({ status: 201, body: { id: orderId, status: 'delivered' } });
  const other = await placeOrder(shop, { ...options, quantity: 2 });
  expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
};
