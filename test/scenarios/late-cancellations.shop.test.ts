// Tests cancellations that meet a carrier: money and units go back by what is known of the parcel.
import { beforeAll, describe, expect, test } from 'bun:test';
import { inventoryOf } from '../support/inventory.ts';
import {
  ADDRESS,
  asShopper,
  cancelByShopper,
  eventually,
  newEmail,
  newName,
  placeOrder,
  stockedWare,
} from '../support/journeys.ts';
import {
  asOperator,
  balance,
  control,
  eventsOf,
  mailTo,
  orderRow,
  providerView,
  reached,
} from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import {
  bought,
  carrierFault,
  look,
  needs,
  refusedByCarrier,
  refuseRefundOnce,
  waitingStep,
} from '../support/stuck-orders.ts';

const WORKFLOW_LIMIT_MS = 120_000;
/** More attempts than the carrier gets in one test. */
const OFTEN = 500;
/** A parcel to this postal code stays on its way until the sandbox is told otherwise. */
const SLOW = 'SLOW 00';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const scenario = (name: string, run: () => Promise<void>): void =>
  test(name, run, WORKFLOW_LIMIT_MS);

const endFaults = (containing: string) =>
  control(
    shop,
    'CARRIER_SANDBOX_URL',
    'DELETE',
    `faults?containing=${encodeURIComponent(containing)}`,
  );

const keptMinor = async (id: string): Promise<number> => (await providerView(shop, id)).keptMinor;

const parcelOf = (id: string) =>
  eventually('the parcel is booked', async () => {
    const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
    const { shipments } = body as {
      shipments: { id: string; reference: string; status: string }[];
    };
    return shipments.find(({ reference }) => reference === id);
  });

const endsAs = async (id: string, outcome: string): Promise<void> => {
  const path = `shipments/${(await parcelOf(id)).id}/outcome`;
  await control(shop, 'CARRIER_SANDBOX_URL', 'POST', path, { outcome });
};

/** A cancelled order whose parcel left: the booking's response was lost each time. */
const leftBeforeItsVoid = async () => {
  const name = newName();
  const email = newEmail();
  await carrierFault(shop, '/shipments', 'apply_then_500', { containing: name, times: OFTEN });
  const order = await bought(shop, { name, email, postalCode: SLOW });
  await eventually('the parcel has left', async () =>
    (await parcelOf(order.id)).status === 'shipped' ? true : undefined,
  );
  await cancelByShopper(shop, order.id, order.accessToken);
  const seen = await needs(shop, order.id, 'PARCEL_LEFT');
  return { ...order, email, seen };
};

const decide = async (id: string, action: string): Promise<void> => {
  const { status } = await asOperator(shop, 'POST', `orders/${id}/${action}`, {});
  expect(status).toBe(200);
};

describe('a cancelled order whose carrier is away', () => {
  scenario('gets its money back at once, and ends when the carrier answers', async () => {
    const name = newName();
    await carrierFault(shop, '/shipments', 'status:503', { containing: name, times: OFTEN });
    const { id, ware, accessToken } = await bought(shop, { name });
    await reached(shop, id, 'confirmed');
    await carrierFault(shop, '/shipments/void', 'status:503', { containing: id, times: OFTEN });
    expect((await cancelByShopper(shop, id, accessToken)).status).toBe(202);
    await eventually('the money is back', async () =>
      (await eventsOf(shop, id)).includes('PaymentRefunded') ? true : undefined,
    );
    expect(await keptMinor(id)).toBe(0);
    expect((await orderRow(shop, id))?.status).toBe('confirmed');
    expect(await eventsOf(shop, id)).toContain('OrderCancelRequested');
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 4, reserved: 0 });
    await endFaults(id);
    await reached(shop, id, 'cancelled');
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
    expect(await keptMinor(id)).toBe(0);
  });

  scenario('waits with one attention for each undo that is refused', async () => {
    const { id, ware } = await refusedByCarrier(shop);
    await carrierFault(shop, '/shipments/void', 'status:422', { containing: id });
    await refuseRefundOnce(shop, id);
    expect((await asOperator(shop, 'POST', `orders/${id}/cancel`, {})).status).toBe(200);
    const { attentions } = await needs(shop, id, 'UNDO_FAILED', 'UNDO_FAILED');
    expect(attentions.map(({ step }) => step).sort()).toEqual(['undo: parcels', 'undo: payment']);
    const unnamed = await asOperator(shop, 'POST', `orders/${id}/retry`, {});
    expect(unnamed).toMatchObject({
      status: 409,
      body: {
        code: 'ATTENTION_AMBIGUOUS',
        attentions: attentions.map(({ id: one }) => ({ id: one })),
      },
    });
    for (const { id: attentionId } of attentions) {
      const path = `orders/${id}/retry`;
      expect((await asOperator(shop, 'POST', path, { attentionId })).status).toBe(200);
    }
    await reached(shop, id, 'cancelled');
    expect(await keptMinor(id)).toBe(0);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
    expect((await look(shop, id)).attentions).toEqual([]);
  });
});

describe('a cancelled order whose parcel had left', () => {
  scenario('comes back when it is intercepted, and is refunded then', async () => {
    const { id, ware, email } = await leftBeforeItsVoid();
    await reached(shop, id, 'shipped');
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 4, reserved: 0 });
    await decide(id, 'intercept');
    await reached(shop, id, 'returned_to_sender');
    expect(await keptMinor(id)).toBe(0);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
    const subjects = await eventually('its mails are there', async () => {
      const found = await mailTo(shop, email);
      return found.some((subject) => subject.startsWith('Your parcel came back'))
        ? found
        : undefined;
    });
    expect(subjects.some((subject) => subject.startsWith('Your parcel had left'))).toBe(true);
    expect(subjects.some((subject) => subject.includes('cancelled'))).toBe(false);
  });

  scenario('is delivered and paid when it is let arrive', async () => {
    const { id, ware } = await leftBeforeItsVoid();
    await decide(id, 'let_arrive');
    await endsAs(id, 'delivered');
    await reached(shop, id, 'delivered');
    expect(await keptMinor(id)).toBe(2_000);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 4, reserved: 0 });
  });

  scenario('is delivered when it arrives before an operator has decided', async () => {
    const { id } = await leftBeforeItsVoid();
    await endsAs(id, 'delivered');
    await reached(shop, id, 'delivered');
    await needs(shop, id);
  });

  scenario('can be treated as a return', async () => {
    const { id, ware } = await leftBeforeItsVoid();
    await decide(id, 'treat_as_return');
    await endsAs(id, 'delivered');
    await reached(shop, id, 'delivered');
    await eventually('the return is refunded', async () =>
      (await look(shop, id)).returns[0]?.state === 'refunded' ? true : undefined,
    );
    expect(await keptMinor(id)).toBe(0);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
  });
});

describe('a cancelled order of two parcels, of which one had left', () => {
  scenario('gives back what was never sent, in money and units', async () => {
    const inventory = inventoryOf(shop);
    await inventory.createLocation({ location: 'annex', name: 'The annex' });
    const { sku, productId } = await stockedWare(shop, 2, 20);
    const receiptId = crypto.randomUUID();
    await inventory.receiveStock({ receiptId, sku, quantity: 2, productId, location: 'annex' });
    const name = newName();
    // The first parcel is booked again and again, so that the other never is.
    await carrierFault(shop, '/shipments', 'apply_then_500', { containing: name, times: OFTEN });
    const { body } = await placeOrder(shop, { sku, quantity: 4, name, postalCode: SLOW });
    await eventually('a parcel has left', async () =>
      (await parcelOf(body.id)).status === 'shipped' ? true : undefined,
    );
    await cancelByShopper(shop, body.id, body.accessToken);
    await needs(shop, body.id, 'PARCEL_LEFT');
    await decide(body.id, 'let_arrive');
    await endsAs(body.id, 'delivered');
    await reached(shop, body.id, 'delivered');
    await eventually('the other half of the money is back', async () =>
      (await keptMinor(body.id)) === 4_000 ? true : undefined,
    );
    const stock = await eventually('its units are on hand again', async () => {
      const answer = await inventory.batchGetStock({ skus: [sku] });
      return answer.stock[0]?.onHand === 2 ? answer.stock[0] : undefined;
    });
    expect(stock).toMatchObject({ reserved: 0, available: 2 });
    const { body: order } = await asShopper<{ parcels: { status: string }[] }>(shop, body, 'GET');
    expect(order.parcels.map(({ status }) => status).toSorted()).toEqual(['delivered', 'returned']);
  });
});

describe('two things that wait for an operator', () => {
  scenario('are repaired one by one, and neither hides the other', async () => {
    const { id } = await refusedByCarrier(shop);
    await refuseRefundOnce(shop, id);
    await asOperator(shop, 'POST', `orders/${id}/refund`, { amount: 5, note: 'late' });
    const both = await needs(shop, id, 'SHIPMENT_STEP_FAILED', 'REFUND_FAILED');
    const { id: attentionId } = waitingStep(both, 'SHIPMENT_STEP_FAILED');
    const parcel = await asOperator(shop, 'POST', `orders/${id}/retry`, { attentionId });
    expect(parcel.status).toBe(200);
    await reached(shop, id, 'delivered');
    await needs(shop, id, 'REFUND_FAILED');
    await decide(id, 'retry');
    await eventually('the refund is made', async () =>
      (await keptMinor(id)) === 1_500 ? true : undefined,
    );
    await needs(shop, id);
  });

  scenario('are refused an action on what is over', async () => {
    const { id, seen } = await refusedByCarrier(shop);
    const { id: attentionId } = waitingStep(seen, 'SHIPMENT_STEP_FAILED');
    await asOperator(shop, 'POST', `orders/${id}/readdress`, { address: ADDRESS });
    await decide(id, 'retry');
    await reached(shop, id, 'delivered');
    const late = await asOperator(shop, 'POST', `orders/${id}/retry`, { attentionId });
    expect(late).toMatchObject({ status: 409, body: { code: 'ILLEGAL_TRANSITION' } });
  });
});
