// Tests that webhooks of the card sandbox are signed, retried, and delivered as ordered.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import Stripe from 'stripe';
import { openForTest, WEBHOOK_SECRET } from './testing.ts';

const WAIT_MS = 5_000;
const TAKEN = { amount: 700, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' };
const HELD = { ...TAKEN, capture_method: 'manual' as const };

describe('webhooks of the card sandbox', () => {
  let received: Stripe.Event[] = [];
  let refusals = 0;
  let sandbox: ReturnType<typeof openForTest>;
  let shop: ReturnType<typeof Bun.serve>;
  const verifier = new Stripe('sk_test_verifier');

  beforeEach(() => {
    received = [];
    refusals = 0;
    shop = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request) => {
        if (refusals > 0) {
          refusals--;
          return new Response('not now', { status: 503 });
        }
        const signature = request.headers.get('stripe-signature') ?? '';
        const body = await request.text();
        received.push(await verifier.webhooks.constructEventAsync(body, signature, WEBHOOK_SECRET));
        return new Response('ok');
      },
    });
    sandbox = openForTest(`http://127.0.0.1:${shop.port}/webhooks/stripe`);
  });
  afterEach(async () => {
    await sandbox.close();
    await shop.stop(true);
  });

  const arrived = async (count: number): Promise<Stripe.Event.Type[]> => {
    const until = Date.now() + WAIT_MS;
    while (received.length < count && Date.now() < until) await Bun.sleep(10);
    return received.map((event) => event.type);
  };

  test('report each step of a payment, verified by the real client', async () => {
    const { id } = await sandbox.stripe.paymentIntents.create(HELD);
    await sandbox.stripe.paymentIntents.capture(id);
    await sandbox.stripe.refunds.create({ payment_intent: id });
    expect((await arrived(5)).toSorted()).toEqual([
      'charge.refunded',
      'payment_intent.amount_capturable_updated',
      'payment_intent.created',
      'payment_intent.succeeded',
      'refund.created',
    ]);
    const held = received.find(({ type }) => type.endsWith('capturable_updated'));
    // The state at the time of the event, not the later one.
    expect(held?.data.object).toMatchObject({ id, status: 'requires_capture' });
  });

  test('report a decline, a required action and a cancelled payment', async () => {
    const { paymentIntents } = sandbox.stripe;
    const bad = { ...HELD, payment_method: 'pm_card_visa_chargeDeclined' };
    await paymentIntents.create(bad).catch(() => undefined);
    const authenticating = { ...HELD, payment_method: 'pm_card_authenticationRequired' };
    await paymentIntents.cancel((await paymentIntents.create(authenticating)).id);
    const types = await arrived(5);
    expect(types).toContain('payment_intent.payment_failed');
    expect(types).toContain('payment_intent.requires_action');
    expect(types).toContain('payment_intent.canceled');
  });

  test('are retried until accepted and never delay a response', async () => {
    refusals = 2;
    const startedAt = performance.now();
    await sandbox.stripe.paymentIntents.create({ ...HELD, confirm: false });
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(await arrived(1)).toEqual(['payment_intent.created']);
  });

  test('are not sent for a change that was undone', async () => {
    const wrong = { ...HELD, payment_method: 'pm_card_nobody' };
    await sandbox.stripe.paymentIntents.create(wrong).catch(() => undefined);
    await Bun.sleep(100);
    expect(received).toEqual([]);
    expect((await sandbox.stripe.events.list()).data).toEqual([]);
  });

  test('are repeated as ordered, with one id', async () => {
    await sandbox.control('POST', 'webhooks', { action: 'duplicate', times: 5 });
    await sandbox.stripe.paymentIntents.create({ ...HELD, confirm: false });
    expect(await arrived(5)).toHaveLength(5);
    expect(new Set(received.map((event) => event.id)).size).toBe(1);
  });

  test('are held, and delivered in reverse when reordered', async () => {
    await sandbox.control('POST', 'webhooks', { action: 'reorder' });
    await sandbox.stripe.paymentIntents.create(HELD);
    await Bun.sleep(100);
    expect(received).toEqual([]);
    await sandbox.control('POST', 'webhooks', { action: 'release' });
    const opposite = ['payment_intent.amount_capturable_updated', 'payment_intent.created'];
    expect(await arrived(2)).toEqual(opposite as Stripe.Event.Type[]);
  });

  test('are delivered late when delayed', async () => {
    await sandbox.control('POST', 'webhooks', { action: 'delay', delayMs: 300 });
    await sandbox.stripe.paymentIntents.create({ ...HELD, confirm: false });
    await Bun.sleep(100);
    expect(received).toEqual([]);
    expect(await arrived(1)).toHaveLength(1);
  });

  test('are resent by id, or sent for a payment that does not exist', async () => {
    await sandbox.stripe.paymentIntents.create({ ...HELD, confirm: false });
    await arrived(1);
    const eventId = received[0]?.id;
    await sandbox.control('POST', 'webhooks', { action: 'resend', eventId, times: 2 });
    expect(await arrived(3)).toHaveLength(3);
    const object = { id: 'pi_nobody', metadata: { orderId: 'ord_nobody' } };
    const type = 'payment_intent.succeeded';
    await sandbox.control('POST', 'webhooks', { action: 'send', type, object });
    expect((await arrived(4))[3]).toBe(type);
  });

  test('of an unknown action are refused', async () => {
    const answer = await sandbox.control('POST', 'webhooks', { action: 'explode' });
    expect(answer).toHaveProperty('error');
  });
});
