// Sends and reads refunds and disputes at the card provider.
import type Stripe from 'stripe';
import { LIST_MAX, type StripeConnection } from './stripe-client.ts';

export type RefundStage = 'pending' | 'succeeded' | 'failed';

export interface RefundView {
  id: string;
  stage: RefundStage;
  amountMinor: number;
}

export interface RefundOrder {
  intentId: string;
  /** Our refund id, kept in the provider's metadata, so that a lost response can be found again. */
  refundId: string;
  orderId: string;
  amountMinor: number;
}

export type DisputeStage = 'open' | 'under_review' | 'won' | 'lost';

export interface DisputeView {
  id: string;
  intentId: string;
  stage: DisputeStage;
  amountMinor: number;
  currency: string;
  reason: string;
}

/** Evidence by Stripe's field names: https://docs.stripe.com/api/disputes/evidence_object */
export type Evidence = Record<string, string>;

export interface RefundsAndDisputes {
  refund(input: RefundOrder, key: string): Promise<RefundView>;
  readRefund(id: string): Promise<RefundView>;
  /** Finds a refund by our id. */
  findRefund(intentId: string, refundId: string): Promise<RefundView | undefined>;
  readDispute(id: string): Promise<DisputeView>;
  submitEvidence(id: string, evidence: Evidence, key: string): Promise<DisputeView>;
}

const REFUND_STAGES: Record<string, RefundStage> = {
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
};

const refundView = (refund: Stripe.Refund): RefundView => ({
  id: refund.id,
  stage: REFUND_STAGES[refund.status ?? ''] ?? 'pending',
  amountMinor: refund.amount,
});

const DISPUTE_STAGES: Record<string, DisputeStage> = {
  won: 'won',
  lost: 'lost',
  under_review: 'under_review',
  warning_under_review: 'under_review',
  warning_closed: 'won',
};

/** The id of an object that the provider sends whole or by its id alone. */
export const idOf = (value: string | { id: string } | null): string =>
  typeof value === 'string' ? value : (value?.id ?? '');

const disputeView = (dispute: Stripe.Dispute): DisputeView => ({
  id: dispute.id,
  intentId: idOf(dispute.payment_intent),
  stage: DISPUTE_STAGES[dispute.status] ?? 'open',
  amountMinor: dispute.amount,
  currency: dispute.currency.toUpperCase(),
  reason: dispute.reason,
});

const listRefunds = async ({ refunds }: Stripe, intentId: string): Promise<Stripe.Refund[]> => {
  const { data } = await refunds.list({ payment_intent: intentId, limit: LIST_MAX });
  return data;
};

/** Every call may be refused with RATE_LIMITED or IDEMPOTENCY_KEY_IN_FLIGHT. */
export const stripeRefundsAndDisputes = ({
  stripe,
  call,
}: StripeConnection): RefundsAndDisputes => ({
  refund: ({ intentId, refundId, orderId, amountMinor }, idempotencyKey) =>
    call('refund', async () => {
      const params = {
        payment_intent: intentId,
        amount: amountMinor,
        metadata: { refundId, orderId },
      };
      return refundView(await stripe.refunds.create(params, { idempotencyKey }));
    }),
  readRefund: (id) => call('readRefund', async () => refundView(await stripe.refunds.retrieve(id))),
  findRefund: (intentId, refundId) =>
    call('findRefund', async () => {
      const all = await listRefunds(stripe, intentId);
      const found = all.find(({ metadata }) => metadata?.['refundId'] === refundId);
      return found && refundView(found);
    }),
  readDispute: (id) =>
    call('readDispute', async () => disputeView(await stripe.disputes.retrieve(id))),
  submitEvidence: (id, evidence, idempotencyKey) =>
    call('submitEvidence', async () => {
      const params = { evidence, submit: true };
      return disputeView(await stripe.disputes.update(id, params, { idempotencyKey }));
    }),
});
