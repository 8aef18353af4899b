// Sends and reads refunds and disputes at the card provider.
import Stripe from 'stripe';
import type { DisputeEnd } from '../../domain/disputes/dispute.ts';
import type { Evidence } from '../../domain/disputes/evidence.ts';
import type { Currency } from '../../domain/money.ts';
import { amountOf, minorOf } from './stripe-amounts.ts';
import { LIST_MAX, type StripeConnection } from './stripe-client.ts';

export type RefundStage = 'pending' | 'succeeded' | 'failed';

export interface RefundView {
  /** Absent when the provider has made none. */
  id?: string;
  stage: RefundStage;
  amountMinor: number;
  /** Why it has made none. */
  refusal?: string;
}

export interface RefundOrder {
  intentId: string;
  /** Our refund id, kept in the provider's metadata, so that a lost response can be found again. */
  refundId: string;
  orderId: string;
  amountMinor: number;
  currency: Currency;
}

export type DisputeStage = 'open' | 'under_review' | DisputeEnd;

export interface DisputeView {
  id: string;
  intentId: string;
  stage: DisputeStage;
  /** The bank only asks: no money is withdrawn. */
  isInquiry: boolean;
  amountMinor: number;
  currency: string;
  reason: string;
  /** The deadline of the evidence; null when the bank takes none. */
  dueAt: Date | null;
  createdAt: Date;
}

export interface RefundsAndDisputes {
  refund(input: RefundOrder, key: string): Promise<RefundView>;
  readRefund(id: string): Promise<RefundView>;
  /** Finds a refund by our id. */
  findRefund(intentId: string, refundId: string): Promise<RefundView | undefined>;
  readDispute(id: string): Promise<DisputeView>;
  submitEvidence(id: string, evidence: Evidence, key: string): Promise<DisputeView>;
  /** Accepts the dispute as lost; an inquiry cannot be. */
  closeDispute(id: string, key: string): Promise<DisputeView>;
}

const REFUND_STAGES: Record<string, RefundStage> = {
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
};

const refundView = (refund: Stripe.Refund): RefundView => ({
  id: refund.id,
  stage: REFUND_STAGES[refund.status ?? ''] ?? 'pending',
  amountMinor: minorOf(refund.amount, refund.currency),
});

/** Each other status needs a response: https://docs.stripe.com/api/disputes/object */
const DISPUTE_STAGES: Record<string, DisputeStage> = {
  won: 'won',
  lost: 'lost',
  under_review: 'under_review',
  appeal_needs_response: 'under_review',
  appeal_under_review: 'under_review',
  warning_under_review: 'under_review',
  warning_closed: 'closed',
  prevented: 'closed',
};

/** Statuses under which the bank has withdrawn nothing. */
const isInquiry = (status: string): boolean =>
  status.startsWith('warning_') || status === 'prevented';

const timeOf = (seconds: number): Date => new Date(seconds * 1_000);

/** The id of an object that the provider sends whole or by its id alone. */
export const idOf = (value: string | { id: string } | null): string =>
  typeof value === 'string' ? value : (value?.id ?? '');

const disputeView = (dispute: Stripe.Dispute): DisputeView => ({
  id: dispute.id,
  intentId: idOf(dispute.payment_intent),
  stage: DISPUTE_STAGES[dispute.status] ?? 'open',
  isInquiry: isInquiry(dispute.status),
  amountMinor: minorOf(dispute.amount, dispute.currency),
  currency: dispute.currency.toUpperCase(),
  reason: dispute.reason,
  // 0, too, where the bank takes no evidence.
  dueAt: dispute.evidence_details.due_by ? timeOf(dispute.evidence_details.due_by) : null,
  createdAt: timeOf(dispute.created),
});

const listRefunds = async ({ refunds }: Stripe, intentId: string): Promise<Stripe.Refund[]> => {
  const { data } = await refunds.list({ payment_intent: intentId, limit: LIST_MAX });
  return data;
};

/** A dispute has taken the money before: https://docs.stripe.com/error-codes#charge-disputed */
const isDisputed = (error: unknown): error is Error =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'charge_disputed';

/** Every call may be refused with RATE_LIMITED or IDEMPOTENCY_KEY_IN_FLIGHT. */
export const stripeRefundsAndDisputes = ({
  stripe,
  call,
}: StripeConnection): RefundsAndDisputes => ({
  refund: ({ intentId, refundId, orderId, amountMinor, currency }, idempotencyKey) =>
    call('refund', async () => {
      const params = {
        payment_intent: intentId,
        amount: amountOf(amountMinor, currency),
        metadata: { refundId, orderId },
      };
      try {
        return refundView(await stripe.refunds.create(params, { idempotencyKey }));
      } catch (error) {
        if (!isDisputed(error)) throw error;
        return { stage: 'failed' as const, amountMinor, refusal: error.message };
      }
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
  closeDispute: (id, idempotencyKey) =>
    call('closeDispute', async () =>
      disputeView(await stripe.disputes.close(id, {}, { idempotencyKey })),
    ),
});
