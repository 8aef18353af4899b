// Tests that a parcel which takes long is followed by new runs of its order's workflow, by its
// events and without them.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import { connectHistories, type Histories } from '../scenarios/histories.ts';
import { breakableShop, withSetting, type BreakableShop } from '../support/breakable-shop.ts';
import { cancelByShopper, eventually, placeOrder, stockedWare } from '../support/journeys.ts';
import { control, reached } from '../support/judges.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 180_000;
const NEW_RUN_LIMIT_MS = 120_000;
/** Twenty looks of the schedule take some seconds. */
const QUICK = ['HOLDFAST_CARRIER_POLL_MS', '1'] as const;

let shop: BreakableShop;
let histories: Histories;
beforeAll(async () => {
  shop = await breakableShop();
  histories = await connectHistories(shop);
}, UP_LIMIT_MS);
afterAll(() => histories.close());

const ordered = async () => {
  const { sku } = await stockedWare(shop, 2);
  const { body } = await placeOrder(shop, { sku, postalCode: 'SLOW 00' });
  await reached(shop, body.id, 'shipped');
  return body;
};

const isNewRun = (id: string) => {
  const look = async () => {
    const [first] = await histories.eventsOf(id);
    const { continuedExecutionRunId } = first?.workflowExecutionStartedEventAttributes ?? {};
    return continuedExecutionRunId ? true : undefined;
  };
  return eventually(`${fulfillOrderId(id)} is a new run`, look, NEW_RUN_LIMIT_MS);
};

const arrives = async (id: string): Promise<void> => {
  const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
  const { shipments } = body as { shipments: { id: string; reference: string }[] };
  const parcel = shipments.find(({ reference }) => reference === id)?.id;
  const path = `shipments/${parcel}/outcome`;
  await control(shop, 'CARRIER_SANDBOX_URL', 'POST', path, { outcome: 'delivered' });
};

describe('an order whose parcel takes long', () => {
  test(
    'is followed by a new run, which takes its events and refuses a cancellation',
    async () => {
      const { id, accessToken } = await withSetting(shop, 'orders', QUICK, async () => {
        const order = await ordered();
        await isNewRun(order.id);
        return order;
      });
      const cancelled = await cancelByShopper(shop, id, accessToken);
      expect([cancelled.status, cancelled.body]).toMatchObject([
        409,
        { code: 'ILLEGAL_TRANSITION' },
      ]);
      await arrives(id);
      await reached(shop, id, 'delivered');
      expect(await histories.resultOf(id)).toBe('delivered');
    },
    LIMIT_MS,
  );

  test(
    'arrives without any event of the carrier',
    async () => {
      await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'webhooks', { action: 'hold' });
      try {
        await withSetting(shop, 'orders', QUICK, async () => {
          const { id } = await ordered();
          await arrives(id);
          await reached(shop, id, 'delivered');
        });
      } finally {
        await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'webhooks', { action: 'release' });
        await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'webhooks', { action: 'normal' });
      }
    },
    LIMIT_MS,
  );
});
