// Tests that what follows a delivery has a second chance, and that nothing is given back twice.
import { beforeAll, describe, expect, test } from 'bun:test';
import { asShopper, eventually, placeOrder, stockedWare } from '../support/journeys.ts';
import { inventoryOf } from '../support/inventory.ts';
import {
  accountsOf,
  asOperator,
  balance,
  control,
  keeps,
  orderRow,
  providerView,
  reached,
} from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import {
  carrierFault,
  delivered,
  look,
  needs,
  refuseRefundOnce,
  waitingStep,
} from '../support/stuck-orders.ts';

const LIMIT_MS = 120_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const scenario = (name: string, run: () => Promise<void>): void => test(name, run, LIMIT_MS);

interface Bought {
  id: string;
  accessToken: string;
}

const requestReturn = (it: Bought, sku: string, quantity: number) =>
  asShopper<{ id: string; refund: number; code?: string }>(shop, it, 'POST', '/returns', {
    lines: [{ sku, quantity }],
    reason: 'too small',
  });

/** The provider has it all back, and so do the books. */
const balanced = async (id: string): Promise<void> => {
  await keeps(shop, id, 0);
  await eventually('the books are even', async () =>
    Object.keys(await accountsOf(shop, id)).length === 0 ? true : undefined,
  );
};

const decide = async (id: string, action: string, attentionId: string): Promise<void> => {
  const answer = await asOperator(shop, 'POST', `orders/${id}/${action}`, { attentionId });
  expect(answer.status).toBe(200);
};

describe('a return', () => {
  scenario('whose label the carrier refuses is booked when an operator retries', async () => {
    const { sku, ...it } = await delivered(shop, { quantity: 2 });
    await carrierFault(shop, '/shipments', 'status:422', { containing: 'ret_' });
    await requestReturn(it, sku, 1);
    const stuck = await needs(shop, it.id, 'RETURN_STEP_FAILED');
    await decide(it.id, 'retry', waitingStep(stuck, 'RETURN_STEP_FAILED').id);
    await keeps(shop, it.id, 2_000);
    await needs(shop, it.id);
    expect(await balance(shop, sku)).toEqual({ on_hand: 4, reserved: 0 });
  });

  scenario('whose refund the provider refuses ends when an operator grants it again', async () => {
    const { sku, ...it } = await delivered(shop);
    await refuseRefundOnce(shop, it.id);
    await requestReturn(it, sku, 1);
    const stuck = await needs(shop, it.id, 'REFUND_FAILED');
    await eventually('its unit is on hand again', async () =>
      (await balance(shop, sku))?.on_hand === 5 ? true : undefined,
    );
    await decide(it.id, 'retry', waitingStep(stuck, 'REFUND_FAILED').id);
    await balanced(it.id);
    await eventually('the return has ended', async () =>
      (await look(shop, it.id)).returns[0]?.state === 'refunded' ? true : undefined,
    );
  });

  scenario('is worth what a goodwill refund has left, and nothing when it was all', async () => {
    const { sku, ...it } = await delivered(shop, { quantity: 2 });
    await asOperator(shop, 'POST', `orders/${it.id}/refund`, { amount: 30, note: 'scratched' });
    await keeps(shop, it.id, 1_000);
    const first = await requestReturn(it, sku, 1);
    expect([first.status, first.body.refund]).toEqual([201, 10]);
    await keeps(shop, it.id, 0);
    const second = await asShopper<{ code?: string }>(shop, it, 'POST', '/returns', {
      lines: [{ sku, quantity: 1 }],
      reason: 'the other one, too',
    });
    expect([second.status, second.body.code]).toEqual([409, 'RETURN_REFUSED']);
    await balanced(it.id);
  });

  scenario('of units that did not arrive is refused: they were refunded as lost', async () => {
    const inventory = inventoryOf(shop);
    await inventory.createLocation({ location: 'annex', name: 'The annex' });
    const { sku, productId } = await stockedWare(shop, 2, 20);
    const receiptId = crypto.randomUUID();
    await inventory.receiveStock({ receiptId, sku, quantity: 2, productId, location: 'annex' });
    const { body: it } = await placeOrder(shop, { sku, quantity: 4 });
    const parcels = await eventually('both parcels are booked', async () => {
      const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
      const { shipments } = body as { shipments: { id: string; reference: string }[] };
      const own = shipments.filter(({ reference }) => reference === it.id);
      return own.length === 2 ? own : undefined;
    });
    const path = `shipments/${parcels[0]?.id}/outcome`;
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', path, { outcome: 'lost' });
    await reached(shop, it.id, 'delivered');
    await keeps(shop, it.id, 4_000);
    const all = await requestReturn(it, sku, 4);
    expect([all.status, all.body.code]).toEqual([409, 'RETURN_REFUSED']);
    const two = await requestReturn(it, sku, 2);
    expect([two.status, two.body.refund]).toEqual([201, 40]);
    await balanced(it.id);
  });
});

describe('a refund', () => {
  scenario('that the provider refuses once is made when an operator retries', async () => {
    const it = await delivered(shop);
    await refuseRefundOnce(shop, it.id);
    await asOperator(shop, 'POST', `orders/${it.id}/refund`, { amount: 5, note: 'late' });
    const stuck = await needs(shop, it.id, 'REFUND_FAILED');
    expect(waitingStep(stuck, 'REFUND_FAILED').actions).toEqual(['retry', 'dismiss']);
    await decide(it.id, 'retry', waitingStep(stuck, 'REFUND_FAILED').id);
    await keeps(shop, it.id, 1_500);
    await needs(shop, it.id);
  });

  scenario('of what a bank has taken by a dispute is refused', async () => {
    const { sku, ...it } = await delivered(shop, { paymentMethod: 'pm_card_createDispute' });
    await eventually('it is disputed', async () =>
      (await orderRow(shop, it.id))?.payment_status === 'disputed' ? true : undefined,
    );
    const [dispute] = (await providerView(shop, it.id)).disputes;
    const path = `disputes/${dispute?.id}/decide`;
    await control(shop, 'STRIPE_SANDBOX_URL', 'POST', path, { outcome: 'lost' });
    await eventually('it is lost', async () =>
      (await look(shop, it.id)).timeline.some(({ type }) => type === 'DisputeLost')
        ? true
        : undefined,
    );
    const answer = await asOperator(shop, 'POST', `orders/${it.id}/refund`, { note: 'goodwill' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'REFUND_EXCEEDS_CAPTURE' } });
    const returned = await requestReturn(it, sku, 1);
    expect([returned.status, returned.body.code]).toEqual([409, 'RETURN_REFUSED']);
    expect((await accountsOf(shop, it.id))['card_provider'] ?? 0).toBe(0);
  });
});
