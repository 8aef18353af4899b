// Tests returns by a store's own rules: its address and location, its people, and unused labels.
import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { Client, Connection } from '@temporalio/client';
import { sweepStepOf } from '../../domain/attention.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { returnOrderId } from '../../workflows/return-order.contract.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { inventoryOf } from '../support/inventory.ts';
import {
  asShopper,
  eventually,
  JSON_TYPE,
  newEmail,
  newName,
  request,
} from '../support/journeys.ts';
import { asOperator, balance, control, keeps, mailTo } from '../support/judges.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import {
  carrierFault,
  delivered,
  look,
  needs,
  refuseRefundOnce,
  waitingStep,
} from '../support/stuck-orders.ts';
import { decide as bank, disputed, recorded } from '../scenarios/disputes.ts';

const LIMIT_MS = 120_000;
const ADDRESS = { name: 'Gate 2', line1: '2 Mill Lane', city: 'Leeds', country: 'GB' };

let shop: BreakableShop;
beforeAll(async () => {
  shop = await breakableShop();
}, UP_LIMIT_MS);

const settings = (body: object, storeId: string = DEFAULT_STORE) =>
  request(`${shop.env['GATEWAY_URL']}/stores/${storeId}/return-settings`, {
    method: 'PUT',
    headers: { ...JSON_TYPE, authorization: `Bearer ${shop.env['OPERATOR_KEY']}` },
    body: JSON.stringify(body),
  });

afterEach(async () => {
  expect((await settings({})).status).toBe(200);
});

const scenario = (name: string, run: () => Promise<void>): void => test(name, run, LIMIT_MS);

interface It {
  id: string;
  accessToken: string;
}

const requestReturn = async (it: It, sku: string, quantity: number): Promise<string> => {
  const lines = [{ sku, quantity }];
  const asked = { lines, reason: 'too small' };
  const { status, body } = await asShopper<{ id: string }>(shop, it, 'POST', '/returns', asked);
  expect(status).toBe(201);
  return body.id;
};

interface Returned {
  id: string;
  state: string;
  location: string | null;
}

const isIn = (state: string, it: It): Promise<Returned> =>
  eventually(`the return is ${state}`, async () => {
    const [found] = (await look(shop, it.id)).returns as unknown as Returned[];
    return found?.state === state ? found : undefined;
  });

const isOnHand = (sku: string, units: number) =>
  eventually(`${units} are on hand`, async () =>
    (await balance(shop, sku))?.on_hand === units ? true : undefined,
  );

const isMailed = (email: string, subject: string) =>
  eventually(`a mail says: ${subject}`, async () =>
    (await mailTo(shop, email)).some((one) => one.startsWith(subject)) ? true : undefined,
  );

const arrives = async (returnId: string): Promise<void> => {
  const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
  const { shipments } = body as { shipments: { id: string; reference: string }[] };
  const parcel = shipments.find(({ reference }) => reference === returnId)?.id;
  const path = `shipments/${parcel}/outcome`;
  await control(shop, 'CARRIER_SANDBOX_URL', 'POST', path, { outcome: 'delivered' });
};

const decide = (id: string, verb: string, body: object) =>
  asOperator<{ code?: string; return: Returned }>(shop, 'POST', `returns/${id}/${verb}`, body);

describe('a store whose people look at what comes back', () => {
  scenario(
    'accepts a part: its price goes back, and the reason for the rest is mailed',
    async () => {
      await settings({ inspects: true });
      const email = newEmail();
      const { sku, ...it } = await delivered(shop, { quantity: 3, email });
      const id = await requestReturn(it, sku, 3);
      await isIn('received', it);
      const { body } = await asOperator<{ items: Returned[] }>(
        shop,
        'GET',
        'returns?state=received&limit=100',
      );
      expect(body.items.map((one) => one.id)).toContain(id);
      const part = [{ sku, quantity: 2 }];
      expect(await decide(id, 'accept', { lines: part })).toMatchObject({ status: 400 });
      const more = { lines: [{ sku, quantity: 4 }], note: 'one was worn' };
      expect(await decide(id, 'accept', more)).toMatchObject({ status: 400 });
      expect((await decide(id, 'accept', { lines: part, note: 'one was worn' })).status).toBe(200);
      await isIn('refunded', it);
      await keeps(shop, it.id, 2_000);
      await isOnHand(sku, 4);
      await isMailed(email, 'We could not accept all that you returned');
      expect(await decide(id, 'refuse', { note: 'late' })).toMatchObject({
        status: 409,
        body: { code: 'ILLEGAL_TRANSITION' },
      });
      const { actions } = await look(shop, it.id);
      expect(actions.map(({ action }) => action)).toContain('accept_return');
    },
  );

  scenario(
    'refuses all of it: no money and no unit moves, and the shopper may ask again',
    async () => {
      await settings({ inspects: true });
      const email = newEmail();
      const { sku, ...it } = await delivered(shop, { email });
      const id = await requestReturn(it, sku, 1);
      await isIn('received', it);
      expect((await decide(id, 'refuse', { note: 'it was worn' })).status).toBe(200);
      await isIn('rejected', it);
      await isMailed(email, 'We could not accept all that you returned');
      await keeps(shop, it.id, 2_000);
      await isOnHand(sku, 4);
      await requestReturn(it, sku, 1);
    },
  );
});

/** The workflow is gone, and the sweep is to see it soon. */
const isGone = async (returnId: string): Promise<void> => {
  const connection = await Connection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
  const client = new Client({ connection, namespace: 'holdfast' });
  await client.workflow.getHandle(returnOrderId(returnId)).terminate('as if it was lost');
  await connection.close();
  await shop.sql`update orders.returns set updated_at = now() - interval '1 hour'
    where id = ${returnId}`;
};

/** Starts it again where the sweep has listed it. */
const startedAgain = async (it: It, returnId: string): Promise<void> => {
  const step = sweepStepOf(returnOrderId(returnId));
  const row = await eventually('its workflow is listed as missing', async () =>
    (await look(shop, it.id)).attentions.find((one) => one.step === step),
  );
  expect(row.reason).toBe('WORKFLOW_MISSING');
  const body = { attentionId: row.id };
  expect((await asOperator(shop, 'POST', `orders/${it.id}/retry`, body)).status).toBe(200);
};

/** On its way to the store, for as long as the test wants. */
const sentBack = async (quantity: number, rules: object = {}) => {
  await settings({ ...rules, address: { ...ADDRESS, postalCode: 'SLOW 00' } });
  const { sku, ...it } = await delivered(shop, { quantity });
  const id = await requestReturn(it, sku, quantity);
  await isIn('in_transit', it);
  return { sku, it, id };
};

const refusedRefund = async (it: It): Promise<string> => {
  const stuck = await needs(shop, it.id, 'REFUND_FAILED');
  return waitingStep(stuck, 'REFUND_FAILED').id;
};

describe('a return', () => {
  scenario(
    "goes to the store's address, and its units to the location that receives it",
    async () => {
      const inventory = inventoryOf(shop);
      await inventory.createLocation({ location: 'returns', name: 'The returns desk' });
      const wanted = { address: { ...ADDRESS, postalCode: 'LS1 4AP' }, location: 'returns' };
      expect(await settings(wanted)).toMatchObject({
        status: 200,
        body: { ...wanted, inspects: false },
      });
      const { sku, ...it } = await delivered(shop);
      await requestReturn(it, sku, 1);
      expect((await isIn('refunded', it)).location).toBe('returns');
      const { stock } = await inventory.batchGetStock({ skus: [sku], byLocation: true });
      const there = stock[0]?.locations.find(({ location }) => location === 'returns');
      expect(there?.onHand).toBe(1);
    },
  );

  scenario('to a location that the store does not have is refused when it is set', async () => {
    expect(await settings({ location: 'nowhere' })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_INPUT' },
    });
  });

  scenario('whose label is not used in time has expired, and its label is void', async () => {
    await settings({ address: { ...ADDRESS, postalCode: 'KEPT 00' } });
    const { sku, ...it } = await delivered(shop);
    const id = await requestReturn(it, sku, 1);
    await isIn('approved', it);
    await shop.sql`update orders.returns set send_until = now() - interval '1 day' where id = ${id}`;
    await isIn('expired', it);
    const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
    const { shipments } = body as { shipments: { reference: string; status: string }[] };
    expect(shipments.find(({ reference }) => reference === id)?.status).toBe('canceled');
    await keeps(shop, it.id, 2_000);
  });

  scenario('that was sent in time and comes late is refunded all the same', async () => {
    await settings({ address: { ...ADDRESS, postalCode: 'SLOW 00' } });
    const { sku, ...it } = await delivered(shop);
    const id = await requestReturn(it, sku, 1);
    await isIn('in_transit', it);
    await shop.sql`update orders.returns set send_until = now() - interval '1 day' where id = ${id}`;
    await arrives(id);
    await isIn('refunded', it);
    await keeps(shop, it.id, 0);
  });

  scenario(
    'whose workflow is gone is listed, and followed on once it is started again',
    async () => {
      await settings({ address: { ...ADDRESS, postalCode: 'SLOW 00' } });
      const { sku, ...it } = await delivered(shop);
      const id = await requestReturn(it, sku, 1);
      await isIn('in_transit', it);
      await isGone(id);
      await startedAgain(it, id);
      await needs(shop, it.id);
      await arrives(id);
      await isIn('refunded', it);
      await keeps(shop, it.id, 0);
    },
  );

  scenario(
    'whose workflow is gone once its refund was granted is refunded all the same',
    async () => {
      const { sku, it, id } = await sentBack(1, { inspects: true });
      const away = { method: 'POST', path: '/v1/refunds', action: 'status:503', times: 1_000 };
      await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', { ...away, containing: it.id });
      await arrives(id);
      await isIn('received', it);
      expect((await decide(id, 'accept', {})).status).toBe(200);
      await eventually('its refund is granted', async () => {
        const rows = await shop.sql`select 1 from orders.refunds where id = ${id}`;
        return rows.length > 0 ? true : undefined;
      });
      await isGone(id);
      await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', `faults?containing=${it.id}`);
      await startedAgain(it, id);
      await isIn('refunded', it);
      await isOnHand(sku, 5);
      await keeps(shop, it.id, 0);
    },
  );

  scenario('whose workflow is gone before its label was booked is started again', async () => {
    const name = newName();
    await carrierFault(shop, '/shipments', 'status:422', { containing: name });
    await settings({ address: { ...ADDRESS, name, postalCode: 'SLOW 00' } });
    const { sku, ...it } = await delivered(shop);
    const id = await requestReturn(it, sku, 1);
    await needs(shop, it.id, 'RETURN_STEP_FAILED');
    await isGone(id);
    await startedAgain(it, id);
    await isIn('in_transit', it);
    await needs(shop, it.id);
  });

  scenario('is not refused while its parcel may come', async () => {
    const { it, id } = await sentBack(1, { inspects: true });
    expect(await decide(id, 'refuse', { note: 'too late' })).toMatchObject({
      status: 409,
      body: { code: 'ILLEGAL_TRANSITION' },
    });
    await arrives(id);
    await isIn('received', it);
    expect((await decide(id, 'refuse', { note: 'it was worn' })).status).toBe(200);
    await isIn('rejected', it);
  });

  scenario('of money that a dispute holds is refunded once the bank has decided', async () => {
    const { it, id } = await sentBack(1);
    const dispute = await disputed(shop, it.id);
    await recorded(shop, it.id, 'DisputeOpened');
    await arrives(id);
    const attentionId = await refusedRefund(it);
    await bank(shop, dispute.id, 'won');
    await recorded(shop, it.id, 'DisputeWon');
    await asOperator(shop, 'POST', `orders/${it.id}/retry`, { attentionId });
    await isIn('refunded', it);
    await keeps(shop, it.id, 0);
  });

  scenario('whose refused refund was given back in another way has ended', async () => {
    const { sku, ...it } = await delivered(shop);
    await refuseRefundOnce(shop, it.id);
    await requestReturn(it, sku, 1);
    const attentionId = await refusedRefund(it);
    await asOperator(shop, 'POST', `orders/${it.id}/dismiss`, { attentionId });
    await isIn('refunded', it);
  });

  scenario('whose refused refund two operators grant at once is refunded once', async () => {
    const { sku, ...it } = await delivered(shop, { quantity: 3 });
    await refuseRefundOnce(shop, it.id);
    await requestReturn(it, sku, 1);
    const body = { attentionId: await refusedRefund(it) };
    const keys = [crypto.randomUUID(), crypto.randomUUID()];
    await Promise.all(
      keys.map((key) => asOperator(shop, 'POST', `orders/${it.id}/retry`, body, key)),
    );
    await isIn('refunded', it);
    await keeps(shop, it.id, 4_000);
    const { refunds } = await look(shop, it.id);
    expect(refunds.map(({ state }) => state)).toEqual(['failed', 'succeeded']);
  });

  scenario('that the carrier has lost waits for a person, who accepts it', async () => {
    await settings({ address: { ...ADDRESS, postalCode: 'LOST 00' } });
    const { sku, ...it } = await delivered(shop);
    const id = await requestReturn(it, sku, 1);
    const stuck = await needs(shop, it.id, 'RETURN_STEP_FAILED');
    expect(stuck.attentions[0]?.detail).toContain('lost');
    expect((await decide(id, 'accept', {})).status).toBe(200);
    await isIn('refunded', it);
    await needs(shop, it.id);
    await keeps(shop, it.id, 0);
  });

  scenario('whose refund the bank confirms later ends then', async () => {
    const email = newEmail();
    const { sku, ...it } = await delivered(shop, { paymentMethod: 'pm_card_pendingRefund', email });
    await requestReturn(it, sku, 1);
    await isIn('refunded', it);
    await isMailed(email, 'Your money is on its way back');
    const { timeline } = await look(shop, it.id);
    const types = timeline.map(({ type }) => type);
    expect(types.indexOf('ReturnInspected')).toBeLessThan(types.indexOf('ReturnRefunded'));
  });
});
