// Tests that the carrier's events reach their workflows once, whatever the order they come in.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import { asShopper, decidedOrder, eventually, newEmail, stockedWare } from '../support/journeys.ts';
import {
  authenticate,
  carrierSays,
  control,
  orderRow,
  parcelEventsOf,
  providerView,
  reached,
} from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { connectHistories, type Histories } from './histories.ts';

const WORKFLOW_LIMIT_MS = 120_000;
const HOUR_MS = 3_600_000;
/** A parcel to this postal code stays on its way until another outcome is set. */
const SLOW = 'SLOW 00';

let shop: Shop;
let histories: Histories;
beforeAll(async () => {
  shop = await openShop();
  histories = await connectHistories(shop);
}, UP_LIMIT_MS);
afterAll(() => histories.close());

const scenario = (name: string, run: () => Promise<void>): void =>
  test(name, run, WORKFLOW_LIMIT_MS);

/** Waits until each of these statuses is stored once, and no other, and is delivered. */
const stored = (reference: string, statuses: string[]) =>
  eventually(`${reference} has the events ${statuses.join()}`, async () => {
    const events = await parcelEventsOf(shop, reference);
    const found = events.filter(({ isDelivered }) => isDelivered).map(({ status }) => status);
    return Bun.deepEquals(found, statuses) && events.length === found.length ? found : undefined;
  });

/** How often the order's workflow was signalled to look. */
const looksOf = async (orderId: string): Promise<number> => {
  const events = await histories.eventsOf(orderId);
  const names = events.map((one) => one.workflowExecutionSignaledEventAttributes?.signalName);
  return names.filter((name) => name === 'lookAgain').length;
};

interface Shipment {
  id: string;
  reference: string;
}

const shipmentOf = async (reference: string): Promise<string> => {
  const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
  const { shipments } = body as unknown as { shipments: Shipment[] };
  return shipments.find((one) => one.reference === reference)?.id ?? '';
};

/** A parcel of which the carrier knows nothing. */
const newShipmentId = (): string => `shp_${crypto.randomUUID()}`;

const decide = (shipmentId: string, outcome: string) =>
  control(shop, 'CARRIER_SANDBOX_URL', 'POST', `shipments/${shipmentId}/outcome`, { outcome });

describe("the carrier's events", () => {
  scenario('reach the order that they are about, once each', async () => {
    const { sku } = await stockedWare(shop, 1);
    const { body } = await decidedOrder(shop, { sku });
    await reached(shop, body.id, 'delivered');
    await stored(body.id, ['delivered', 'shipped']);
    expect(await looksOf(body.id)).toBeLessThanOrEqual(2);
  });

  scenario('reach the return whose parcel they are about', async () => {
    const { sku } = await stockedWare(shop, 1);
    const { body } = await decidedOrder(shop, { sku, email: newEmail() });
    await reached(shop, body.id, 'delivered');
    const lines = [{ sku, quantity: 1 }];
    const returned = await asShopper<{ id: string }>(shop, body, 'POST', '/returns', { lines });
    expect(returned.status).toBe(201);
    await stored(returned.body.id, ['delivered', 'shipped']);
    await eventually('the return is refunded', async () =>
      (await orderRow(shop, body.id))?.payment_status === 'refunded' ? true : undefined,
    );
    expect((await providerView(shop, body.id)).keptMinor).toBe(0);
  });

  scenario(
    'five times, reversed, an hour late and under other ids are one signal each, and only say look',
    async () => {
      const { sku } = await stockedWare(shop, 1);
      const { body } = await decidedOrder(shop, { sku, postalCode: SLOW });
      await reached(shop, body.id, 'shipped');
      await stored(body.id, ['shipped']);
      const before = await looksOf(body.id);
      const shipmentId = await shipmentOf(body.id);
      const say = (status: string, how: object = {}) =>
        carrierSays(shop, { shipmentId, reference: body.id, status }, how);
      // The end comes before the way there, each five times at once and once more an hour late.
      for (const status of ['lost', 'delivered', 'shipped']) {
        const id = `msg_${crypto.randomUUID()}`;
        const answers = await Promise.all(Array.from({ length: 5 }, () => say(status, { id })));
        expect(answers).toEqual([200, 200, 200, 200, 200]);
        expect(await say(status, { ageMs: HOUR_MS })).toBe(200);
      }
      await stored(body.id, ['delivered', 'lost', 'shipped']);
      expect((await looksOf(body.id)) - before).toBe(2);
      // The carrier's API has the last word: the parcel is on its way.
      expect((await orderRow(shop, body.id))?.status).toBe('shipped');
      await decide(shipmentId, 'returned');
      await reached(shop, body.id, 'returned_to_sender');
      expect((await providerView(shop, body.id)).keptMinor).toBe(0);
    },
  );

  scenario('before anything was booked change nothing, and the order goes on', async () => {
    const { sku } = await stockedWare(shop, 1);
    const paymentMethod = 'pm_card_authenticationRequired';
    const { body } = await decidedOrder(shop, { sku, paymentMethod });
    expect(body.status).toBe('awaiting_payment');
    const early = { shipmentId: newShipmentId(), reference: body.id, status: 'delivered' };
    expect(await carrierSays(shop, early)).toBe(200);
    await stored(body.id, ['delivered']);
    expect((await orderRow(shop, body.id))?.status).toBe('awaiting_payment');
    await authenticate(shop, body.id);
    expect((await asShopper(shop, body, 'POST', '/payment', {})).status).toBe(200);
    await reached(shop, body.id, 'delivered');
    expect((await providerView(shop, body.id)).paid).toHaveLength(1);
  });

  scenario('about an order that is over, or that does not exist, need no workflow', async () => {
    const { sku } = await stockedWare(shop, 1);
    const { body } = await decidedOrder(shop, { sku });
    await reached(shop, body.id, 'delivered');
    expect(await histories.resultOf(body.id)).toBe('delivered');
    for (const reference of [body.id, newId('order'), newId('return')]) {
      const event = { shipmentId: newShipmentId(), reference, status: 'returned' };
      expect(await carrierSays(shop, event)).toBe(200);
      await eventually(`the event about ${reference} is delivered`, async () =>
        (await parcelEventsOf(shop, reference)).find(
          ({ status, isDelivered }) => status === 'returned' && isDelivered,
        ),
      );
    }
    expect((await orderRow(shop, body.id))?.status).toBe('delivered');
  });
});
