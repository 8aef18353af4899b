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
});
