// Tests orders and products while the worker, Temporal, Kafka or the webhooks are away.
import { beforeAll, describe, expect, test } from 'bun:test';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import {
  asShopper,
  decidedOrder,
  eventually,
  newEmail,
  placeOrder,
  searched,
  stockedWare,
} from '../support/journeys.ts';
import {
  authenticate,
  balance,
  carrierSays,
  control,
  mailTo,
  orderRow,
  parcelEventsOf,
  providerView,
  reached,
} from '../support/judges.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: BreakableShop;
beforeAll(async () => {
  shop = await breakableShop();
}, UP_LIMIT_MS);

const scenario = (name: string, publish: () => Promise<void>): void =>
  test(name, publish, WORKFLOW_LIMIT_MS);

describe('an order', () => {
  scenario('whose worker is killed after capture is delivered with one charge', async () => {
    const ware = await stockedWare(shop, 5);
    const away = { method: 'POST', path: '/shipments', action: 'status:503', times: 1_000 };
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', away);
    const { body } = await placeOrder(shop, { sku: ware.sku });
    await reached(shop, body.id, 'confirmed');
    expect((await providerView(shop, body.id)).paid).toHaveLength(1);
    await shop.kill('worker');
    await control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', 'faults');
    await shop.startProcess('worker');
    await reached(shop, body.id, 'delivered');
    expect((await providerView(shop, body.id)).paid).toHaveLength(1);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 4, reserved: 0 });
  });

  scenario(
    'placed while Temporal is down is answered 202 and delivered when it is back',
    async () => {
      const ware = await stockedWare(shop, 5);
      await shop.kill('temporal');
      const { status, body } = await placeOrder(shop, { sku: ware.sku });
      expect([status, body.status]).toEqual([202, 'accepted']);
      await shop.start('temporal');
      await reached(shop, body.id, 'delivered');
      expect((await providerView(shop, body.id)).paid).toHaveLength(1);
    },
  );

  scenario(
    'that waited for Temporal longer than its shopper would is charged only with a new card',
    async () => {
      const ware = await stockedWare(shop, 5);
      const email = newEmail();
      await shop.kill('temporal');
      const { body } = await placeOrder(shop, { sku: ware.sku, email });
      // Its own start, with the time of its acceptance, would reach Temporal first.
      await shop.kill('orders');
      await shop.sql`update orders.orders
        set created_at = now() - interval '1 hour' where id = ${body.id}`;
      await shop.start('temporal');
      await shop.startProcess('orders');
      await reached(shop, body.id, 'awaiting_payment');
      const { body: waiting } = await asShopper(shop, body, 'GET');
      expect(waiting.nextAction?.kind).toBe('pay');
      expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 1 });
      await eventually('the shopper has a mail', async () =>
        (await mailTo(shop, email)).find((subject) => subject.startsWith('Your order needs you')),
      );
      expect((await asShopper(shop, body, 'POST', '/payment', {})).status).toBe(200);
      expect((await providerView(shop, body.id)).intents).toEqual([]);
      const card = { paymentMethod: 'pm_card_visa' };
      expect((await asShopper(shop, body, 'POST', '/payment', card)).status).toBe(200);
      await reached(shop, body.id, 'delivered');
      expect((await providerView(shop, body.id)).paid).toHaveLength(1);
    },
  );

  scenario(
    'that is confirmed by the browser alone is delivered before its webhooks come',
    async () => {
      await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'webhooks', { action: 'hold' });
      try {
        const { sku } = await stockedWare(shop, 5, 20);
        const paymentMethod = 'pm_card_authenticationRequired';
        const { body: it } = await decidedOrder(shop, { sku, paymentMethod });
        await authenticate(shop, it.id);
        expect((await asShopper(shop, it, 'POST', '/payment', {})).status).toBe(200);
        await reached(shop, it.id, 'delivered');
      } finally {
        await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'webhooks', { action: 'release' });
      }
    },
  );
});

describe('a product', () => {
  scenario('written while Kafka is down is accepted, and searchable when it is back', async () => {
    await shop.kill('kafka');
    const ware = await stockedWare(shop, 4);
    await shop.start('kafka');
    expect((await searched(shop, ware)).id).toBe(ware.productId);
  });
});

describe('the sweep', () => {
  scenario("delivers the carrier's events that Temporal missed", async () => {
    const ware = await stockedWare(shop, 5);
    const { body } = await decidedOrder(shop, { sku: ware.sku, postalCode: 'SLOW 00' });
    await reached(shop, body.id, 'shipped');
    await shop.kill('temporal');
    const event = {
      shipmentId: `shp_${crypto.randomUUID()}`,
      reference: body.id,
      status: 'returned',
    };
    expect(await carrierSays(shop, event)).toBe(200);
    const returned = async () =>
      (await parcelEventsOf(shop, body.id)).find(({ status }) => status === 'returned');
    expect(await returned()).toMatchObject({ isDelivered: false });
    await shop.start('temporal');
    await eventually('the event is delivered', async () =>
      (await returned())?.isDelivered ? true : undefined,
    );
    expect((await orderRow(shop, body.id))?.status).toBe('shipped');
  });

  scenario(
    'delivers the events that Temporal missed, and starts the return that waits',
    async () => {
      const ware = await stockedWare(shop, 5, 20);
      const email = newEmail();
      const { body } = await placeOrder(shop, { sku: ware.sku, email });
      const { id, accessToken } = body;
      await reached(shop, id, 'delivered');
      await shop.kill('temporal');
      const lines = [{ sku: ware.sku, quantity: 1 }];
      const answered = await asShopper<{ id: string; status: string }>(
        shop,
        { id, accessToken },
        'POST',
        '/returns',
        { lines },
      );
      expect([answered.status, answered.body.status]).toEqual([201, 'requested']);
      await shop.start('temporal');
      await eventually('the return is refunded', async () =>
        (await orderRow(shop, id))?.payment_status === 'refunded' ? true : undefined,
      );
      expect((await providerView(shop, id)).keptMinor).toBe(0);
      await eventually('the refund has a mail', async () =>
        (await mailTo(shop, email)).find((one) => one.startsWith('Your money')),
      );
    },
  );
});
