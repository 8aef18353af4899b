// Tests orders on the public API, judged in the stores and in the card provider's ledger.
import { beforeAll, describe, expect, test } from 'bun:test';
import {
  cancelByShopper,
  decidedOrder,
  eventually,
  graphql,
  placeOrder,
  request,
  searched,
  stockedWare,
  asStore,
} from '../support/journeys.ts';
import { bearer } from '../support/refusals.ts';
import { authenticate, balance, orderRow, providerView, reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import {
  boughtAndDelivered,
  declinedWithoutTrace,
  twentyCallsOneOrder,
} from '../support/core-scenarios.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const scenario = (name: string, publish: () => Promise<void>): void =>
  test(name, publish, WORKFLOW_LIMIT_MS);

describe('an order', () => {
  scenario('is found by search, bought, delivered and confirmed by mail', () =>
    boughtAndDelivered(shop),
  );

  scenario('with a declined card leaves no charge and no hold', () => declinedWithoutTrace(shop));

  scenario('placed twenty times at once under one key is one order, one charge, one response', () =>
    twentyCallsOneOrder(shop),
  );

  scenario('that needs 3-D Secure waits for the shopper and then continues', async () => {
    const ware = await stockedWare(shop, 5);
    const paymentMethod = 'pm_card_authenticationRequired';
    const { status, body } = await decidedOrder(shop, { sku: ware.sku, paymentMethod });
    expect([status, body.status]).toEqual([202, 'awaiting_payment']);
    expect(body.payment.clientSecret).toMatch(/^pi_\w+_secret_/);
    await authenticate(shop, body.id);
    await reached(shop, body.id, 'delivered');
    expect((await providerView(shop, body.id)).paid).toHaveLength(1);
  });

  scenario(
    'can be cancelled while it waits, which voids the payment and frees the stock',
    async () => {
      const ware = await stockedWare(shop, 2);
      const paymentMethod = 'pm_card_authenticationRequired';
      const { body } = await decidedOrder(shop, { sku: ware.sku, quantity: 2, paymentMethod });
      expect(await balance(shop, ware.sku)).toEqual({ on_hand: 2, reserved: 2 });
      const cancelled = await cancelByShopper(shop, body.id, body.accessToken);
      expect([200, 202]).toContain(cancelled.status);
      await reached(shop, body.id, 'cancelled');
      const { intents, paid } = await providerView(shop, body.id);
      expect([intents[0]?.status, paid.length]).toEqual(['canceled', 0]);
      expect(await balance(shop, ware.sku)).toEqual({ on_hand: 2, reserved: 0 });
      const again = await request(`${shop.env['GATEWAY_URL']}/orders/${body.id}/events`, {
        headers: { authorization: `Bearer ${body.accessToken}` },
      });
      const { events } = again.body as unknown as { events: { type: string }[] };
      expect(events.at(-1)?.type).toBe('OrderCancelled');
    },
  );

  scenario('of more units than the stock is a 409', async () => {
    const ware = await stockedWare(shop, 1);
    const { status, body } = await decidedOrder(shop, { sku: ware.sku, quantity: 2 });
    expect([status, body.code]).toEqual([409, 'OUT_OF_STOCK']);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 1, reserved: 0 });
    expect(await orderRow(shop, body.order?.id ?? '')).toMatchObject({ status: 'rejected' });
  });

  scenario('is followed live as server-sent events until its end', async () => {
    const ware = await stockedWare(shop, 1);
    const { body } = await placeOrder(shop, { sku: ware.sku });
    const follow = (headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${shop.env['GATEWAY_URL']}/orders/${body.id}/events`, {
        headers: { accept: 'text/event-stream', ...bearer(body.accessToken), ...headers },
      });
    const text = await (await follow()).text();
    const types = [...text.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type);
    expect(types.at(0)).toBe('OrderAccepted');
    expect(types.at(-1)).toBe('OrderDelivered');
    const last = /.*^id: (\d+)$/ms.exec(text)?.[1] ?? '';
    expect((await follow({ 'last-event-id': last })).status).toBe(204);
  });
});

describe('a product', () => {
  scenario('that is deleted disappears from search', async () => {
    const ware = await stockedWare(shop, 1);
    await searched(shop, ware);
    expect((await asStore(shop, 'DELETE', `/product/${ware.productId}`)).status).toBe(204);
    await eventually('the product is gone', async () => {
      const query = 'query ($id: ID) { product(id: $id) { id } }';
      const { body } = await graphql(shop, query, { id: ware.productId });
      const data = body.data as { product: unknown } | undefined;
      return data && data.product === null ? true : undefined;
    });
  });
});
