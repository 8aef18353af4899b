// Tests what a shopper can still do while the card provider does not answer.
import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import {
  asShopper,
  decidedOrder,
  eventually,
  placeOrder,
  stockedWare,
} from '../support/journeys.ts';
import { asOperator, balance, control, providerView, reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { needs } from '../support/stuck-orders.ts';

const LIMIT_MS = 60_000;
/** The faults are for this card alone. */
const CARD = 'pm_card_us';
const OUTAGES = {
  'answers 503': { action: 'status:503', times: 1_000 },
  hangs: { action: 'hang', forMs: 9_000, times: 1 },
  'loses its answer': { action: 'apply_then_drop', times: 1 },
};
const AWAY = OUTAGES['answers 503'];

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);
afterEach(async () => {
  await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', `faults?containing=${CARD}`);
});

const placedWhile = async (fault: object) => {
  const away = { method: 'POST', path: '/v1/payment_intents/', containing: CARD, ...fault };
  await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', away);
  const { sku } = await stockedWare(shop, 2, 20);
  const { body } = await placeOrder(shop, { sku, paymentMethod: CARD });
  await eventually('the payment is opened', async () =>
    (await providerView(shop, body.id)).intents.length === 1 ? true : undefined,
  );
  return { sku, order: { id: body.id, accessToken: body.accessToken } };
};

describe('an order that the provider refuses by our fault', () => {
  test.each([401, 403, 400])(
    'ends at once, with its stock, when the answer is %d',
    async (status) => {
      const price = 31_337 + status / 100;
      const amount = `amount=${Math.round(price * 100)}&`;
      const refusal = { method: 'POST', path: '/v1/payment_intents', action: `status:${status}` };
      const fault = { ...refusal, containing: amount, times: 1_000 };
      await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', fault);
      const { sku } = await stockedWare(shop, 2, price);
      const { status: answered, body } = await decidedOrder(shop, { sku });
      expect([answered, body.code, body.order?.status]).toEqual([
        503,
        'PAYMENT_REFUSED',
        'rejected',
      ]);
      expect(JSON.stringify(body)).not.toContain('by a fault');
      const id = body.order?.id ?? '';
      const [attention] = (await needs(shop, id, 'PAYMENT_REFUSED')).attentions;
      expect(attention).toMatchObject({ actions: ['dismiss'] });
      expect(attention?.detail).toContain('by a fault');
      expect((await asOperator(shop, 'POST', `orders/${id}/dismiss`, {})).status).toBe(200);
      await needs(shop, id);
      expect(await balance(shop, sku)).toEqual({ on_hand: 2, reserved: 0 });
      expect((await providerView(shop, id)).intents).toEqual([]);
      const own = `faults?containing=${encodeURIComponent(amount)}`;
      await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', own);
    },
    LIMIT_MS,
  );
});

describe('an order whose card the provider cannot confirm', () => {
  test.each(Object.entries(OUTAGES))(
    'is paid once by another card, when the provider %s',
    async (_, fault) => {
      const { order } = await placedWhile(fault);
      const other = { paymentMethod: 'pm_card_visa' };
      const { status } = await asShopper(shop, order, 'POST', '/payment', other);
      expect([200, 409]).toContain(status);
      await reached(shop, order.id, 'delivered');
      const { paid, keptMinor } = await providerView(shop, order.id);
      expect([paid.length, keptMinor]).toEqual([1, 2000]);
    },
    LIMIT_MS,
  );

  test(
    'tries another card at once',
    async () => {
      const { order } = await placedWhile(AWAY);
      const other = { paymentMethod: 'pm_card_visa' };
      const { status, body } = await asShopper(shop, order, 'POST', '/payment', other);
      expect([status, body.payment.status]).toEqual([200, 'captured']);
    },
    LIMIT_MS,
  );

  test(
    'is cancelled at once, with its stock',
    async () => {
      const { sku, order } = await placedWhile(AWAY);
      const { status, body } = await asShopper(shop, order, 'POST', '/cancel', {});
      expect([status, body.status]).toEqual([200, 'cancelled']);
      const { paid, intents } = await providerView(shop, order.id);
      expect([paid, intents.map((one) => one.status)]).toEqual([[], ['canceled']]);
      expect(await balance(shop, sku)).toEqual({ on_hand: 2, reserved: 0 });
    },
    LIMIT_MS,
  );

  test(
    'is cancelled while an attempt hangs, which is answered 202',
    async () => {
      const { sku, order } = await placedWhile(OUTAGES.hangs);
      const { status } = await asShopper(shop, order, 'POST', '/cancel', {});
      expect([200, 202]).toContain(status);
      await reached(shop, order.id, 'cancelled');
      expect((await providerView(shop, order.id)).keptMinor).toBe(0);
      expect(await balance(shop, sku)).toEqual({ on_hand: 2, reserved: 0 });
    },
    LIMIT_MS,
  );
});
