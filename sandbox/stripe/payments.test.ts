// Tests payments at the card sandbox through the real client: states, declines, 3-D Secure, bad
// input.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import Stripe from 'stripe';
import { openForTest } from './testing.ts';

const ORDER = { amount: 2_999, currency: 'usd', capture_method: 'manual' as const };
const errorOf = (call: Promise<unknown>): Promise<Stripe.errors.StripeError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: Stripe.errors.StripeError) => error,
  );

describe('a payment at the card sandbox', () => {
  let sandbox: ReturnType<typeof openForTest>;
  beforeAll(() => {
    sandbox = openForTest();
  });
  afterAll(() => sandbox.close());

  const authorized = async (paymentMethod = 'pm_card_visa'): Promise<Stripe.PaymentIntent> => {
    const { stripe } = sandbox;
    const opened = await stripe.paymentIntents.create({ ...ORDER, metadata: { orderId: 'ord_1' } });
    return stripe.paymentIntents.confirm(opened.id, { payment_method: paymentMethod });
  };

  test('is opened, confirmed and captured, and makes one charge', async () => {
    const { stripe } = sandbox;
    const opened = await stripe.paymentIntents.create({ ...ORDER, metadata: { orderId: 'ord_1' } });
    expect(opened).toMatchObject({
      status: 'requires_payment_method',
      metadata: { orderId: 'ord_1' },
    });
    expect(opened.client_secret).toStartWith(`${opened.id}_secret_`);
    const held = await stripe.paymentIntents.confirm(opened.id, { payment_method: 'pm_card_visa' });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 2_999 });
    const taken = await stripe.paymentIntents.capture(opened.id);
    expect(taken).toMatchObject({ status: 'succeeded', amount_received: 2_999 });
    const { charges } = await sandbox.ledger();
    const own = charges.filter((charge) => charge.payment_intent === opened.id);
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({
      status: 'succeeded',
      amount_captured: 2_999,
      amount_refunded: 0,
    });
  });

  test('is captured partially, never above the authorised amount', async () => {
    const { id } = await authorized();
    const { paymentIntents } = sandbox.stripe;
    const refusal = await errorOf(paymentIntents.capture(id, { amount_to_capture: 3_000 }));
    expect(refusal).toMatchObject({ statusCode: 400, code: 'amount_too_large' });
    const taken = await paymentIntents.capture(id, { amount_to_capture: 1_000 });
    expect(taken.amount_received).toBe(1_000);
  });

  test('cannot be captured twice or cancelled after capture', async () => {
    const { id } = await authorized();
    const { paymentIntents } = sandbox.stripe;
    await paymentIntents.capture(id);
    const state = { statusCode: 400, code: 'payment_intent_unexpected_state' };
    expect(await errorOf(paymentIntents.capture(id))).toMatchObject(state);
    const refusal = await errorOf(paymentIntents.cancel(id));
    expect(refusal).toMatchObject(state);
    expect(refusal.payment_intent?.status).toBe('succeeded');
  });

  test('is cancelled with its authorisation and refuses later calls', async () => {
    const { id } = await authorized();
    const { paymentIntents } = sandbox.stripe;
    const ended = await paymentIntents.cancel(id, { cancellation_reason: 'requested_by_customer' });
    expect(ended).toMatchObject({ status: 'canceled', amount_capturable: 0, amount_received: 0 });
    expect((await errorOf(paymentIntents.capture(id))).statusCode).toBe(400);
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ])('is declined with %s: %s, %s', async (paymentMethod, code, declineCode) => {
    const refusal = await errorOf(authorized(paymentMethod));
    expect(refusal).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(refusal).toMatchObject({ statusCode: 402, code, decline_code: declineCode });
    const { id = '', status } = refusal.payment_intent ?? {};
    expect(status).toBe('requires_payment_method');
    const { charges } = await sandbox.ledger();
    const own = charges.filter((charge) => charge.payment_intent === id);
    expect(own).toMatchObject([{ status: 'failed', amount_captured: 0 }]);
    const again = await sandbox.stripe.paymentIntents.confirm(id, {
      payment_method: 'pm_card_visa',
    });
    expect(again.status).toBe('requires_capture');
  });

  test('waits for 3-D Secure and follows its result', async () => {
    const held = await authorized('pm_card_authenticationRequired');
    expect(held.status).toBe('requires_action');
    expect(held.next_action).not.toBeNull();
    const path = (id: string): string => `payment_intents/${id}/authenticate`;
    await sandbox.control('POST', path(held.id), { outcome: 'success' });
    expect((await sandbox.stripe.paymentIntents.retrieve(held.id)).status).toBe('requires_capture');
    const other = await authorized('pm_card_threeDSecure2Required');
    await sandbox.control('POST', path(other.id), { outcome: 'failure' });
    const failed = await sandbox.stripe.paymentIntents.retrieve(other.id);
    expect(failed.status).toBe('requires_payment_method');
    expect(failed.last_payment_error?.code).toBe('payment_intent_authentication_failure');
    const { charges } = await sandbox.ledger();
    expect(charges.filter((charge) => charge.payment_intent === other.id)).toEqual([]);
  });

  test('is refunded up to the captured amount', async () => {
    const { id } = await authorized();
    const { paymentIntents, refunds } = sandbox.stripe;
    expect((await errorOf(refunds.create({ payment_intent: id }))).statusCode).toBe(400);
    await paymentIntents.capture(id);
    await refunds.create({ payment_intent: id, amount: 1_000 });
    const tooMuch = await errorOf(refunds.create({ payment_intent: id, amount: 2_000 }));
    expect(tooMuch.statusCode).toBe(400);
    const rest = await refunds.create({ payment_intent: id, reason: 'requested_by_customer' });
    expect(rest.amount).toBe(1_999);
    const refusal = await errorOf(refunds.create({ payment_intent: id }));
    expect(refusal.code).toBe('charge_already_refunded');
    expect((await refunds.retrieve(rest.id)).status).toBe('succeeded');
  });

  test('is found by its order, by search and by paging the list', async () => {
    const { paymentIntents } = sandbox.stripe;
    const metadata = { orderId: 'ord_found' };
    const { id } = await paymentIntents.create({ ...ORDER, metadata });
    const query = `metadata['orderId']:'ord_found'`;
    expect((await paymentIntents.search({ query })).data.map((one) => one.id)).toEqual([id]);
    const seen: string[] = [];
    for await (const one of paymentIntents.list({ limit: 2 })) seen.push(one.id);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength((await sandbox.ledger()).intents.length);
    expect(seen[0]).toBe(id);
  });

  test('includes its charge when expanded', async () => {
    const { id } = await authorized();
    const held = await sandbox.stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
    expect(held.latest_charge).toMatchObject({ object: 'charge', payment_intent: id });
  });

  test.each([
    ['an unknown parameter', { ...ORDER, colour: 'red' }, 'parameter_unknown'],
    ['no currency', { amount: 100 }, 'parameter_missing'],
    ['half a cent', { ...ORDER, amount: 0.5 }, 'parameter_invalid_integer'],
    ['nothing', { ...ORDER, amount: 0 }, 'parameter_invalid_integer'],
    ['a card that does not exist', { ...ORDER, payment_method: 'constructor' }, 'resource_missing'],
    ['no card to confirm with', { ...ORDER, confirm: true }, 'parameter_missing'],
  ])('is refused with %s, and nothing is written', async (_name, params, code) => {
    const before = (await sandbox.ledger()).intents.length;
    const create = sandbox.stripe.paymentIntents.create(params as Stripe.PaymentIntentCreateParams);
    expect((await errorOf(create)).code).toBe(code);
    expect((await sandbox.ledger()).intents).toHaveLength(before);
  });

  test('is refused without an API key, and not found when it does not exist', async () => {
    expect((await fetch(`${sandbox.base}/v1/payment_intents`)).status).toBe(401);
    const refusal = await errorOf(sandbox.stripe.paymentIntents.retrieve('pi_nobody'));
    expect(refusal).toMatchObject({ statusCode: 404, code: 'resource_missing' });
  });
});
