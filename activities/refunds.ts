// Grants refunds in the ledger, sends each once under its own key, and awaits their confirmation.
import type { Pg } from '../db/postgres/client.ts';
import { orderById } from '../db/postgres/orders/orders.ts';
import {
  grantRefund,
  findRefundByProviderId,
  recordRefundFailed,
  recordRefundSent,
  recordRefundSucceeded,
  refundById,
  type Refund,
  type RefundInput,
} from '../db/postgres/orders/refunds.ts';
import { clearAttention, raiseAttention } from '../db/postgres/orders/steps.ts';
import { refundStep } from '../domain/attention.ts';
import { DomainError } from '../domain/errors.ts';
import { isPassing } from './refusals.ts';
import { keyed } from './payment-keys.ts';
import type { RefundsAndDisputes, RefundView } from './providers/stripe-refunds-and-disputes.ts';
import { notYet } from './attempts.ts';

/** How long after a pending result the provider is read again, in ms. */
const PENDING_POLL_MS = 5_000;

export interface RefundDeps {
  pg: Pg;
  afterCapture: RefundsAndDisputes;
}

const intentOf = async ({ pg }: RefundDeps, { storeId, orderId }: Refund): Promise<string> => {
  const { paymentIntentId } = await orderById(pg, storeId, orderId);
  if (!paymentIntentId) throw new Error('a refund was granted for an order without a payment');
  return paymentIntentId;
};

/** The provider's view of a refund: read when it exists there, else sent under its key. */
const viewed = async (deps: RefundDeps, refund: Refund): Promise<RefundView> => {
  const { pg, afterCapture } = deps;
  if (refund.providerRefundId) return afterCapture.readRefund(refund.providerRefundId);
  const intentId = await intentOf(deps, refund);
  const { id: refundId, orderId, amountMinor } = refund;
  const view = await keyed(pg, {
    orderId,
    verb: `refund/${refundId}`,
    send: (key) => afterCapture.refund({ intentId, refundId, orderId, amountMinor }, key),
    read: () => afterCapture.findRefund(intentId, refundId),
  });
  await recordRefundSent(pg, refundId, view.id);
  return view;
};

/** Records that the bank has refused a refund: an operator grants it again, or another way. */
const fail = async (
  { pg }: RefundDeps,
  { id, storeId, orderId }: Refund,
  detail?: string,
): Promise<void> => {
  await recordRefundFailed(pg, id);
  await raiseAttention(pg, storeId, orderId, {
    step: refundStep(id),
    reason: 'REFUND_FAILED',
    actions: ['retry', 'dismiss'],
    ...(detail !== undefined && { detail }),
  });
};

/**
 * Resolves when the provider has confirmed the refund; a pending one is retried, not failed.
 * `failed` leaves the order with the attention REFUND_FAILED for an operator.
 */
const settle = async (deps: RefundDeps, id: string): Promise<'succeeded' | 'failed'> => {
  const { pg } = deps;
  const refund = await refundById(pg, id);
  if (refund.state === 'succeeded' || refund.state === 'failed') return refund.state;
  const view = await viewed(deps, refund);
  if (view.stage === 'succeeded') {
    await recordRefundSucceeded(pg, id, view.id);
    return 'succeeded';
  }
  if (view.stage === 'failed') {
    await fail(deps, refund);
    return 'failed';
  }
  throw notYet(`refund ${id} is ${view.stage}`, PENDING_POLL_MS);
};

/** Grants and settles in one; succeeds when nothing is left to refund. */
export const giveBack = async (deps: RefundDeps, input: RefundInput): Promise<void> => {
  const granted = await grantRefund(deps.pg, input);
  if (granted) await settle(deps, granted.id);
};

export const refundActivities = (deps: RefundDeps) => ({
  /**
   * Records a refund in the ledger, once an id; returns minor units. What it `replaces`, a refund
   * that the bank has refused, needs an operator no longer. REFUND_EXCEEDS_CAPTURE.
   */
  async requestRefund({ replaces, ...input }: RefundInput & { replaces?: string }) {
    const { pg } = deps;
    const granted = await grantRefund(pg, input);
    const { storeId, orderId } = input;
    if (replaces) await clearAttention(pg, storeId, orderId, { step: refundStep(replaces) });
    return granted?.amountMinor ?? 0;
  },
  /**
   * Sends the refund and waits until the provider has confirmed or refused it. A refusal of the
   * request itself is a failed refund, too: an operator grants it again.
   */
  async settleRefund({ id }: { id: string }): Promise<'succeeded' | 'failed'> {
    try {
      return await settle(deps, id);
    } catch (error) {
      if (!(error instanceof DomainError) || isPassing(error.code)) throw error;
      await fail(deps, await refundById(deps.pg, id), `${error.code}: ${error.message}`);
      return 'failed';
    }
  },
  /** Reads a refund that changed at the provider, perhaps one that failed after its success. */
  async recheckRefund({ providerRefundId }: { providerRefundId: string }): Promise<void> {
    const { pg, afterCapture } = deps;
    const refund = await findRefundByProviderId(pg, providerRefundId);
    if (!refund) return;
    const { stage } = await afterCapture.readRefund(providerRefundId);
    if (stage === 'succeeded') await recordRefundSucceeded(pg, refund.id, providerRefundId);
    if (stage === 'failed') await fail(deps, refund);
  },
});
