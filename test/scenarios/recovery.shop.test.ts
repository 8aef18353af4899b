// Tests operators' actions: stuck orders are found, explained, repaired once, and audited.
import { beforeAll, describe, expect, test } from 'bun:test';
import { Client, Connection } from '@temporalio/client';
import { newId } from '../../domain/ids.ts';
import { fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import { ADDRESS, asShopper, cancelByShopper, eventually, request } from '../support/journeys.ts';
import {
  accountsOf,
  asOperator,
  authenticate,
  balance,
  eventsOf,
  orderRow,
  providerView,
  reached,
} from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import {
  bought,
  look,
  needs,
  refuseRefundOnce,
  refusedByCarrier,
  type StuckOrder,
} from '../support/stuck-orders.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const scenario = (name: string, publish: () => Promise<void>): void =>
  test(name, publish, WORKFLOW_LIMIT_MS);

/** As "Request Cancellation" in Temporal's own pages does. */
const requestCancellation = async (id: string): Promise<void> => {
  const connection = await Connection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
  const client = new Client({ connection, namespace: 'holdfast' });
  await client.workflow.getHandle(fulfillOrderId(id)).cancel();
  await connection.close();
};

describe('an order that the carrier refuses', () => {
  scenario('waits with an attention, is explained, and continues when retried', async () => {
    const { id, seen } = await refusedByCarrier(shop);
    expect(seen.workflow).toMatchObject({ state: 'RUNNING' });
    expect(seen.provider).toMatchObject({ stage: 'captured' });
    expect(seen.attempts.map(({ verb }) => verb)).toEqual(['open', 'confirm/1', 'capture']);
    const { body } = await asOperator<{ items: StuckOrder[] }>(
      shop,
      'GET',
      'orders?reason=SHIPMENT_STEP_FAILED&limit=100',
    );
    expect(body.items.map((item) => item.id)).toContain(id);
    const done = await asOperator(shop, 'POST', `orders/${id}/retry`, { note: 'address is fine' });
    expect(done).toMatchObject({ status: 200, body: { action: { outcome: 'done' } } });
    await reached(shop, id, 'delivered');
    expect((await look(shop, id)).actions).toMatchObject([{ action: 'retry', outcome: 'done' }]);
    expect(await eventsOf(shop, id)).toContain('AttentionCleared');
  });

  scenario('can be readdressed and retried', async () => {
    const { id } = await refusedByCarrier(shop);
    const address = {
      name: 'Robin Shopper',
      line1: '9 New Street',
      city: 'Kyle',
      postalCode: 'IV40 8AE',
      country: 'GB',
    };
    expect((await asOperator(shop, 'POST', `orders/${id}/readdress`, { address })).status).toBe(
      200,
    );
    expect((await asOperator(shop, 'POST', `orders/${id}/retry`, {})).status).toBe(200);
    await reached(shop, id, 'delivered');
  });

  scenario('cannot be readdressed once one of its parcels is booked', async () => {
    const { id } = await refusedByCarrier(shop);
    await shop.sql`insert into orders.parcels
      (order_id, location, lines, shipment_id, tracking_number, status)
      values (${id}, 'annex', '[]', 'shp_booked', 'HF1', 'booked')`;
    const answer = await asOperator<{ code: string; detail: string }>(
      shop,
      'POST',
      `orders/${id}/readdress`,
      { address: ADDRESS },
    );
    expect([answer.status, answer.body.code]).toEqual([409, 'ILLEGAL_TRANSITION']);
    expect(answer.body.detail).toContain('annex');
    await shop.sql`delete from orders.parcels where order_id = ${id}`;
    expect((await asOperator(shop, 'POST', `orders/${id}/cancel`, {})).status).toBe(200);
    await reached(shop, id, 'cancelled');
  });

  scenario('can be cancelled, with a refund and its stock released', async () => {
    const { id, ware } = await refusedByCarrier(shop);
    expect((await asOperator(shop, 'POST', `orders/${id}/cancel`, {})).status).toBe(200);
    await reached(shop, id, 'cancelled');
    expect((await providerView(shop, id)).keptMinor).toBe(0);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
  });

  scenario('is refunded by a retry when its cancellation failed at the refund', async () => {
    const { id, ware } = await refusedByCarrier(shop);
    await refuseRefundOnce(shop, id);
    expect((await asOperator(shop, 'POST', `orders/${id}/cancel`, {})).status).toBe(200);
    await needs(shop, id, 'UNDO_FAILED');
    expect((await providerView(shop, id)).keptMinor).toBe(2000);
    // It is being undone already: a second cancellation joins the first.
    expect((await asOperator(shop, 'POST', `orders/${id}/cancel`, {})).status).toBe(200);
    await requestCancellation(id);
    expect((await asOperator(shop, 'POST', `orders/${id}/retry`, {})).status).toBe(200);
    await reached(shop, id, 'cancelled');
    expect((await providerView(shop, id)).keptMinor).toBe(0);
    expect(await accountsOf(shop, id)).toEqual({});
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
  });

  scenario('is repaired once by fifty equal requests', async () => {
    const { id } = await refusedByCarrier(shop);
    const key = crypto.randomUUID();
    const clicks = await Promise.all(
      Array.from({ length: 50 }, () => asOperator(shop, 'POST', `orders/${id}/retry`, {}, key)),
    );
    expect(new Set(clicks.map(({ status }) => status)).has(200)).toBe(true);
    await reached(shop, id, 'delivered');
    const { actions } = await look(shop, id);
    expect(actions).toHaveLength(1);
    const other = await asOperator(shop, 'POST', `orders/${id}/cancel`, {}, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  scenario('is found by a dry run, and repaired with others in a batch', async () => {
    const ids = [(await refusedByCarrier(shop)).id, (await refusedByCarrier(shop)).id];
    const filter = { reason: 'SHIPMENT_STEP_FAILED' };
    const dry = await asOperator<{ matches: number; orders: StuckOrder[] }>(
      shop,
      'POST',
      'batches',
      {
        action: 'retry',
        filter,
      },
    );
    expect(dry.body.orders.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    const order = { action: 'retry', filter, dryRun: false, perSecond: 50 };
    const real = await asOperator<{ id: string }>(shop, 'POST', 'batches', order);
    expect(real.status).toBe(202);
    for (const id of ids) await reached(shop, id, 'delivered');
    const path = `batches/${real.body.id}`;
    const progress = await asOperator<{ actions: { outcome: string }[] }>(shop, 'GET', path);
    expect(progress.body.actions.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a cancellation', () => {
  scenario("of the shopper's ends the wait for a person", async () => {
    const { id, ware, accessToken } = await refusedByCarrier(shop);
    // 202 where its undoing takes longer than the answer waits.
    const { status } = await cancelByShopper(shop, id, accessToken);
    expect([200, 202]).toContain(status);
    await reached(shop, id, 'cancelled');
    expect((await providerView(shop, id)).keptMinor).toBe(0);
    expect(await balance(shop, ware.sku)).toEqual({ on_hand: 5, reserved: 0 });
    expect((await look(shop, id)).reason).toBeUndefined();
  });

  scenario('at Temporal is one of an operator, as long as there is one', async () => {
    const waiting = await bought(shop, { paymentMethod: 'pm_card_authenticationRequired' });
    await reached(shop, waiting.id, 'awaiting_payment');
    await requestCancellation(waiting.id);
    await reached(shop, waiting.id, 'cancelled');
    const sent = await bought(shop, {});
    await eventually('the parcel is booked', async () => {
      const status = String((await orderRow(shop, sent.id))?.status);
      return ['packing', 'shipped'].includes(status) ? status : undefined;
    });
    await requestCancellation(sent.id);
    await reached(shop, sent.id, 'delivered');
    expect((await providerView(shop, sent.id)).keptMinor).toBe(2000);
  });
});

describe('an operator', () => {
  scenario('refunds some of the money, and never more than was captured', async () => {
    const { id } = await bought(shop);
    await reached(shop, id, 'delivered');
    const part = await asOperator(shop, 'POST', `orders/${id}/refund`, {
      amount: 5,
      note: 'scratched',
    });
    expect(part.status).toBe(200);
    await eventually('the first refund is confirmed', async () =>
      (await orderRow(shop, id))?.payment_status === 'partially_refunded' ? true : undefined,
    );
    const more = await asOperator(shop, 'POST', `orders/${id}/refund`, { amount: 16 });
    expect(more).toMatchObject({ status: 409, body: { code: 'REFUND_EXCEEDS_CAPTURE' } });
    expect((await asOperator(shop, 'POST', `orders/${id}/refund`, {})).status).toBe(200);
    await eventually('all of it is refunded', async () =>
      (await orderRow(shop, id))?.payment_status === 'refunded' ? true : undefined,
    );
    expect((await providerView(shop, id)).keptMinor).toBe(0);
    expect(await accountsOf(shop, id)).toEqual({});
  });

  scenario('is refused what the order does not allow, and the refusal is audited', async () => {
    const { id } = await bought(shop);
    await reached(shop, id, 'delivered');
    for (const [action, body] of [
      ['skip', {}],
      ['cancel', {}],
      ['resolve', { ending: 'lost' }],
    ] as const) {
      const answer = await asOperator(shop, 'POST', `orders/${id}/${action}`, body);
      expect(answer).toMatchObject({ status: 409, body: { code: 'ILLEGAL_TRANSITION' } });
    }
    const outcomes = (await look(shop, id)).actions.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(Array(3).fill('ILLEGAL_TRANSITION'));
  });

  scenario("needs an operator's key", async () => {
    for (const path of ['orders', 'breaks', 'overview']) {
      const url = `${shop.env['GATEWAY_URL']}/recovery/${path}`;
      expect((await request(url)).status).toBe(401);
      const authorization = `Bearer ${shop.env['STORE_KEY']}`;
      expect((await request(url, { headers: { authorization } })).status).toBe(403);
    }
  });
});

describe('the sweep', () => {
  scenario(
    'reports an order whose workflow is gone, and a retry starts it from the record',
    async () => {
      const order = await bought(shop, { paymentMethod: 'pm_card_authenticationRequired' });
      const { id } = order;
      const connection = await Connection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
      const client = new Client({ connection, namespace: 'holdfast' });
      await client.workflow.getHandle(fulfillOrderId(id)).terminate('a test');
      await connection.close();
      // Its end is not certain yet, so the shopper's call may be repeated.
      const refused = await asShopper(shop, order, 'POST', '/cancel', {});
      expect(refused).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
      await shop.sql`update orders.orders set updated_at = now() - interval '1 hour'
      where id = ${id}`;
      const seen = await needs(shop, id, 'WORKFLOW_MISSING');
      expect(seen.nextAction).toBe('retry starts the workflow from the record');
      expect(await eventsOf(shop, id)).toContain('AttentionRaised');
      expect((await asOperator(shop, 'POST', `orders/${id}/retry`, {})).status).toBe(200);
      await authenticate(shop, id);
      await reached(shop, id, 'delivered');
      expect((await providerView(shop, id)).paid).toHaveLength(1);
    },
  );

  scenario('that saw an order halted takes a retry once it runs again', async () => {
    const { id } = await bought(shop, { paymentMethod: 'pm_card_authenticationRequired' });
    await reached(shop, id, 'awaiting_payment');
    const since = new Date().toISOString();
    const halted = { step: 'workflow', reason: 'WORKFLOW_HALTED', since, actions: ['retry'] };
    const attentions = [{ id: newId('attention'), ...halted }];
    await shop.sql`update orders.orders set attentions = ${shop.sql.json(attentions)}
      where id = ${id}`;
    expect((await asOperator(shop, 'POST', `orders/${id}/retry`, {})).status).toBe(200);
    expect((await look(shop, id)).reason).toBeUndefined();
    await authenticate(shop, id);
    await reached(shop, id, 'delivered');
  });

  scenario('reports an order that is undecided for a quarter of an hour', async () => {
    const { id } = await bought(shop, { paymentMethod: 'pm_card_authenticationRequired' });
    const waits = await eventually('it waits for its shopper', async () => {
      const { status } = await look(shop, id);
      return status === 'awaiting_payment' ? status : undefined;
    });
    expect(waits).toBe('awaiting_payment');
    // The record sixteen minutes later, when the payment window is over and no event came.
    const until = new Date(Date.now() - 60_000).toISOString();
    await shop.sql`update orders.orders set
      next_action = jsonb_set(next_action, '{until}', to_jsonb(${until}::text)),
      created_at = created_at - interval '16 minutes', updated_at = now() - interval '16 minutes'
      where id = ${id}`;
    const seen = await needs(shop, id, 'NO_PROGRESS');
    expect(seen).toMatchObject({ nextAction: 'retry', workflow: { state: 'RUNNING' } });
    await eventually('it is recorded', async () =>
      (await eventsOf(shop, id)).includes('AttentionRaised') ? true : undefined,
    );
    const { body } = await asOperator<{ oldestUndecidedSeconds: number }>(shop, 'GET', 'overview');
    expect(body.oldestUndecidedSeconds).toBeGreaterThan(15 * 60);
    // An order's views are written under timestamps that begin with its creation.
    await shop.sql`update orders.orders set created_at = created_at + interval '16 minutes'
      where id = ${id}`;
    await authenticate(shop, id);
    await reached(shop, id, 'delivered');
    expect((await look(shop, id)).reason).toBeUndefined();
  });
});
