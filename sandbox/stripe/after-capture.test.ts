// Tests the card sandbox after capture: refunds that settle late, and disputes.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import Stripe from 'stripe';
import { openForTest } from './testing.ts';

const ORDER = { amount: 2_999, currency: 'usd', capture_method: 'manual' as const, confirm: true };
const SETTLE_LIMIT_MS = 8_000;

let sandbox: ReturnType<typeof openForTest>;
beforeAll(() => {
  sandbox = openForTest();
});
afterAll(() => sandbox.close());

const captured = async (method: string): Promise<Stripe.PaymentIntent> => {
  const { paymentIntents } = sandbox.stripe;
  const held = await paymentIntents.create({ ...ORDER, payment_method: method });
  return paymentIntents.capture(held.id);
};

const chargeOf = async (intent: Stripe.PaymentIntent): Promise<Stripe.Charge> =>
  sandbox.stripe.charges.retrieve(intent.latest_charge as string);

const PROOF = { evidence: { uncategorized_text: 'it was delivered' }, submit: true };

const disputed = async (
  intent: Stripe.PaymentIntent,
  claim: object = {},
): Promise<Stripe.Dispute> =>
  sandbox.control('POST', 'disputes', { charge: intent.latest_charge, ...claim });

const decide = (id: string, outcome: string) =>
  sandbox.control<Stripe.Dispute>('POST', `disputes/${id}/decide`, { outcome });

const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'not refused',
    (error: unknown) => error,
  );

const settled = async (id: string, status: string): Promise<Stripe.Refund> => {
  const end = Date.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const refund = await sandbox.stripe.refunds.retrieve(id);
    if (refund.status === status) return refund;
    if (Date.now() > end) throw new Error(`the refund stayed ${refund.status}`);
    await Bun.sleep(50);
  }
};

describe('a refund at the card sandbox', () => {
  test('may be pending and then succeed', async () => {
    const { id } = await captured('pm_card_pendingRefund');
    const metadata = { refundId: 'rfd_1' };
    const refund = await sandbox.stripe.refunds.create({ payment_intent: id, metadata });
    expect(refund).toMatchObject({ status: 'pending', metadata });
    await settled(refund.id, 'succeeded');
  });

  test('may fail after it succeeded, which restores the charge', async () => {
    const intent = await captured('pm_card_refundFail');
    const refund = await sandbox.stripe.refunds.create({ payment_intent: intent.id, amount: 999 });
    expect(refund.status).toBe('succeeded');
    expect((await chargeOf(intent)).amount_refunded).toBe(999);
    await settled(refund.id, 'failed');
    expect((await chargeOf(intent)).amount_refunded).toBe(0);
  });
});

describe('a dispute at the card sandbox', () => {
  const disputeOf = async (charge: string): Promise<Stripe.Dispute> => {
    const { data } = await sandbox.stripe.disputes.list({ charge });
    if (!data[0]) throw new Error('there is no dispute');
    return data[0];
  };

  test('is opened by a dedicated test card, answered with evidence and won', async () => {
    const charge = await chargeOf(await captured('pm_card_createDisputeProductNotReceived'));
    expect(charge.disputed).toBe(true);
    const { id, ...opened } = await disputeOf(charge.id);
    expect(opened).toMatchObject({ status: 'needs_response', reason: 'product_not_received' });
    const draft = { evidence: { shipping_tracking_number: 'HF1' } };
    expect((await sandbox.stripe.disputes.update(id, draft)).status).toBe('needs_response');
    const proof = { evidence: { uncategorized_text: 'winning_evidence' }, submit: true };
    const won = await sandbox.stripe.disputes.update(id, proof);
    expect(won).toMatchObject({ status: 'won', evidence: { shipping_tracking_number: 'HF1' } });
  });

  test('is opened on any charge by a control call, and waits for a verdict', async () => {
    const { id: charge } = await chargeOf(await captured('pm_card_visa'));
    const opened = await sandbox.control<Stripe.Dispute>('POST', 'disputes', { charge });
    const proof = { evidence: { uncategorized_text: 'it was delivered' }, submit: true };
    const answered = await sandbox.stripe.disputes.update(opened.id, proof);
    expect(answered.status).toBe('under_review');
    await sandbox.control('POST', `disputes/${opened.id}/decide`, { outcome: 'lost' });
    expect((await disputeOf(charge)).status).toBe('lost');
    const again = await sandbox.control('POST', `disputes/${opened.id}/decide`, { outcome: 'won' });
    expect(again).toMatchObject({ error: { message: 'This dispute is already lost.' } });
  });

  test('of a part leaves the rest to be refunded or disputed, and gives it back when won', async () => {
    const intent = await captured('pm_card_visa');
    const opened = await disputed(intent, { amount: 2_000 });
    const refund = (amount?: number) =>
      sandbox.stripe.refunds.create({ payment_intent: intent.id, ...(amount && { amount }) });
    expect(await refusal(refund(1_000))).toMatchObject({ code: 'charge_disputed' });
    expect(await refund(500)).toMatchObject({ status: 'succeeded' });
    const rest = await disputed(intent);
    expect(rest.amount).toBe(499);
    expect(await refusal(refund())).toMatchObject({ code: 'charge_disputed' });
    await decide(opened.id, 'won');
    expect(await refund()).toMatchObject({ amount: 2_000, status: 'succeeded' });
    await decide(rest.id, 'lost');
    expect(await refusal(refund(1))).toMatchObject({ code: 'charge_disputed' });
  });

  test('is conceded once, and not after its evidence', async () => {
    const { stripe } = sandbox;
    const conceded = await disputed(await captured('pm_card_visa'));
    expect((await stripe.disputes.close(conceded.id)).status).toBe('lost');
    expect(await refusal(stripe.disputes.close(conceded.id))).toMatchObject({ statusCode: 400 });
    const answered = await disputed(await captured('pm_card_visa'));
    await stripe.disputes.update(answered.id, PROOF);
    expect(await refusal(stripe.disputes.close(answered.id))).toMatchObject({ statusCode: 400 });
  });

  test('takes evidence once, and not after its due date', async () => {
    const { stripe } = sandbox;
    const answered = await disputed(await captured('pm_card_visa'));
    await stripe.disputes.update(answered.id, PROOF);
    const again = refusal(stripe.disputes.update(answered.id, PROOF));
    expect(await again).toMatchObject({ message: expect.stringContaining('no more evidence') });
    const late = await disputed(await captured('pm_card_visa'), { answerSeconds: 0 });
    expect(late.evidence_details).toMatchObject({ due_by: late.created, past_due: false });
    await Bun.sleep(2_000);
    const tooLate = refusal(stripe.disputes.update(late.id, PROOF));
    expect(await tooLate).toMatchObject({ message: expect.stringContaining('past its due date') });
  });
});

describe('an inquiry at the card sandbox', () => {
  const inquired = async () => {
    const intent = await captured('pm_card_createDisputeInquiry');
    const { data } = await sandbox.stripe.disputes.list({ payment_intent: intent.id });
    return { intent, inquiry: data[0] as Stripe.Dispute };
  };

  test('takes evidence, leaves the charge refundable, and is closed', async () => {
    const { intent, inquiry } = await inquired();
    expect(inquiry).toMatchObject({ status: 'warning_needs_response', is_charge_refundable: true });
    expect(await refusal(sandbox.stripe.disputes.close(inquiry.id))).toHaveProperty(
      'statusCode',
      400,
    );
    const answered = await sandbox.stripe.disputes.update(inquiry.id, PROOF);
    expect(answered.status).toBe('warning_under_review');
    const refund = { payment_intent: intent.id, amount: 999 };
    expect(await sandbox.stripe.refunds.create(refund)).toMatchObject({ status: 'succeeded' });
    expect(await decide(inquiry.id, 'won')).toHaveProperty('error');
    expect((await decide(inquiry.id, 'closed')).status).toBe('warning_closed');
  });

  test('that escalates is a dispute of what is left, and takes evidence anew', async () => {
    const { intent, inquiry } = await inquired();
    await sandbox.stripe.disputes.update(inquiry.id, PROOF);
    await sandbox.stripe.refunds.create({ payment_intent: intent.id, amount: 999 });
    const dispute = await decide(inquiry.id, 'escalated');
    expect(dispute).toMatchObject({ status: 'needs_response', amount: 2_000 });
    expect((await sandbox.stripe.disputes.update(inquiry.id, PROOF)).status).toBe('under_review');
    expect((await decide(inquiry.id, 'lost')).status).toBe('lost');
  });
});

test('a warning of fraud comes by its test card, as an event about the charge', async () => {
  const intent = await captured('pm_card_createIssuerFraudRecord');
  const type = 'radar.early_fraud_warning.created';
  const { data } = await sandbox.stripe.events.list({ type });
  expect(data[0]?.data.object).toMatchObject({
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: intent.latest_charge,
    payment_intent: intent.id,
  });
  expect((await chargeOf(intent)).disputed).toBe(false);
});
