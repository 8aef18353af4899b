// Tests that the card sandbox handles keys as documented, injects faults, and keeps its ledger.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type Stripe from 'stripe';
import { clientOf, openForTest } from './testing.ts';

const ORDER = { amount: 500, currency: 'usd', capture_method: 'manual' as const };
const DAY_MS = 24 * 3_600_000;
type Refusal = Stripe.errors.StripeError;
const outcomeOf = (call: Promise<unknown>): Promise<Refusal | undefined> =>
  call.then(
    () => undefined,
    (error: Refusal) => error,
  );

/** On Bun the client returns the raw response, despite its types. */
const isReplayed = ({ lastResponse }: { lastResponse: { headers: unknown } }): boolean =>
  (lastResponse.headers as Headers).get('idempotent-replayed') === 'true';

/** The client retries once by itself when its connection is reset. */
const DROPS_SEEN = { times: 2 };

describe('a key at the card sandbox', () => {
  let sandbox: ReturnType<typeof openForTest>;
  beforeAll(() => {
    sandbox = openForTest();
  });
  afterAll(() => sandbox.close());

  const create = (idempotencyKey: string, more: object = {}) =>
    sandbox.stripe.paymentIntents.create(
      { ...ORDER, metadata: { orderId: idempotencyKey }, ...more },
      { idempotencyKey },
    );
  const madeFor = async (orderId: string): Promise<number> => {
    const { intents } = await sandbox.ledger();
    return intents.filter((intent) => intent.metadata['orderId'] === orderId).length;
  };
  const confirm = { confirm: true, payment_method: 'pm_card_visa' };

  test('gets its first response again and makes one intent', async () => {
    const first = await create('ord_same/open');
    const [second, third] = await Promise.all([create('ord_same/open'), create('ord_same/open')]);
    expect([second.id, third.id]).toEqual([first.id, first.id]);
    expect([first, second, third].map(isReplayed)).toEqual([false, true, true]);
    expect(await madeFor('ord_same/open')).toBe(1);
  });

  test('that is new makes another intent, even for equal parameters', async () => {
    const same = { metadata: { orderId: 'ord_two' } };
    await create('ord_two/a', same);
    await create('ord_two/b', same);
    expect(await madeFor('ord_two')).toBe(2);
  });

  test('with other parameters, or on another route, is refused', async () => {
    const { id } = await create('ord_other/open');
    const other = await outcomeOf(create('ord_other/open', { amount: 501 }));
    expect(other).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' });
    const { paymentIntents } = sandbox.stripe;
    const cancel = paymentIntents.cancel(id, {}, { idempotencyKey: 'ord_other/open' });
    expect(await outcomeOf(cancel)).toMatchObject({ statusCode: 400 });
    expect((await paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
  });

  test('keeps a decline, even when the card would succeed now', async () => {
    const declined = { confirm: true, payment_method: 'pm_card_visa_chargeDeclined' };
    const first = await outcomeOf(create('ord_declined/open', declined));
    const second = await outcomeOf(create('ord_declined/open', declined));
    expect([first?.statusCode, second?.statusCode]).toEqual([402, 402]);
    expect(second?.payment_intent?.id).toBe(first?.payment_intent?.id ?? 'none');
    expect(await madeFor('ord_declined/open')).toBe(1);
  });

  test('does not keep errors before execution', async () => {
    expect((await outcomeOf(create('ord_fixed/open', { amount: -1 })))?.statusCode).toBe(400);
    expect((await create('ord_fixed/open')).status).toBe('requires_payment_method');
  });

  test('expires after a day, also over a restart', async () => {
    const first = await create('ord_late/open');
    await sandbox.control('POST', 'clock', { advanceMs: DAY_MS - 60_000 });
    expect((await create('ord_late/open')).id).toBe(first.id);
    await sandbox.control('POST', 'clock', { advanceMs: 120_000 });
    sandbox.reopen();
    expect((await create('ord_late/open')).id).not.toBe(first.id);
  });

  test('keeps a 500 although the money moved, and a read shows the change', async () => {
    await sandbox.fault('apply_then_500', '/v1/payment_intents');
    const first = await outcomeOf(create('ord_500/open', confirm));
    const second = await outcomeOf(create('ord_500/open', confirm));
    expect([first?.statusCode, second?.statusCode]).toEqual([500, 500]);
    expect(second?.headers?.['idempotent-replayed']).toBe('true');
    expect(await madeFor('ord_500/open')).toBe(1);
  });

  test('finds the effect of a lost response', async () => {
    await sandbox.fault('apply_then_drop', '/v1/payment_intents', DROPS_SEEN);
    const failure = await outcomeOf(create('ord_lost/open', confirm));
    expect(failure?.type).toBe('StripeConnectionError');
    expect((await create('ord_lost/open', confirm)).status).toBe('requires_capture');
    expect(await madeFor('ord_lost/open')).toBe(1);
  });

  test('is resent by the client after one reset, even with retries off', async () => {
    await sandbox.fault('apply_then_drop', '/v1/payment_intents');
    expect(isReplayed(await create('ord_reset/open', confirm))).toBe(true);
    const { requests } = await sandbox.control<{ requests: { key: string }[] }>('GET', 'requests');
    expect(requests.filter(({ key }) => key === 'ord_reset/open')).toHaveLength(2);
    expect(await madeFor('ord_reset/open')).toBe(1);
  });

  test('does nothing when the call is dropped before it runs, or gets a fault status', async () => {
    await sandbox.fault('drop_before', '*', DROPS_SEEN);
    await sandbox.fault('status:429', '*', { times: 2 });
    expect((await outcomeOf(create('ord_storm/open')))?.type).toBe('StripeConnectionError');
    expect((await outcomeOf(create('ord_storm/open')))?.statusCode).toBe(429);
    expect((await outcomeOf(create('ord_storm/open')))?.statusCode).toBe(429);
    expect(await madeFor('ord_storm/open')).toBe(0);
    expect((await create('ord_storm/open')).status).toBe('requires_payment_method');
  });

  test('in flight is refused, and the hanging call takes effect after its client has gone', async () => {
    await sandbox.fault('hang', '/v1/payment_intents', { forMs: 400 });
    const impatient = clientOf(sandbox.port, 100);
    const params = { ...ORDER, metadata: { orderId: 'ord_hang/open' } };
    const idempotencyKey = 'ord_hang/open';
    const hung = await outcomeOf(impatient.paymentIntents.create(params, { idempotencyKey }));
    expect(hung?.type).toBe('StripeConnectionError');
    const meanwhile = await outcomeOf(create('ord_hang/open'));
    expect(meanwhile).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    expect(await madeFor('ord_hang/open')).toBe(0);
    await Bun.sleep(500);
    expect(await madeFor('ord_hang/open')).toBe(1);
    expect(isReplayed(await create('ord_hang/open'))).toBe(true);
  });
});

describe('a fault of the card sandbox', () => {
  let sandbox: ReturnType<typeof openForTest>;
  beforeAll(() => {
    sandbox = openForTest();
  });
  afterAll(() => sandbox.close());

  test('is the first posted match, applied as often as set; DELETE removes all', async () => {
    const { id } = await sandbox.stripe.paymentIntents.create(ORDER);
    await sandbox.fault('status:503', '/v1/payment_intents/*/capture');
    await sandbox.fault('status:500', '/v1/payment_intents/');
    const { paymentIntents } = sandbox.stripe;
    expect((await outcomeOf(paymentIntents.cancel(id)))?.statusCode).toBe(500);
    expect((await outcomeOf(paymentIntents.capture(id)))?.statusCode).toBe(503);
    expect((await outcomeOf(paymentIntents.capture(id)))?.statusCode).toBe(400);
    await sandbox.fault('status:503');
    expect(await sandbox.control<object>('DELETE', 'faults')).toEqual({});
    expect((await paymentIntents.cancel(id)).status).toBe('canceled');
  });

  test('of an unknown kind is refused', async () => {
    expect(await sandbox.fault('explode')).toHaveProperty('error');
    expect(await sandbox.fault('status:200')).toHaveProperty('error');
  });
});
