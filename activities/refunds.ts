// Grants refunds in the ledger, sends each once under its own key, and awaits their confirmation.
import type { Pg } from '../db/postgres/client.ts';
import { orderById } from '../db/postgres/orders/orders.ts';
import {
  grantRefund,
  findRefundByProviderId,
  recordRefundFailed,
  recordRefundLook,
  recordRefundSent,
  recordRefundSucceeded,
  refundById,
  type Refund,
  type RefundInput,
} from '../db/postgres/orders/refunds.ts';
import { refundStep } from '../domain/attention.ts';
import { DomainError } from '../domain/errors.ts';
import { currencyOf } from '../domain/money.ts';
import { isPassing } from './refusals.ts';
import { keyed } from './payment-keys.ts';
import type { RefundsAndDisputes, RefundView } from './providers/stripe-refunds-and-disputes.ts';

export interface RefundDeps {
  pg: Pg;
  afterCapture: RefundsAndDisputes;
  /** How long after a pending answer the provider is read again without an event, in ms. */
  refundPollMs: number;
}

/** What has become of a refund; a pending one is settled by an event or a later look. */
export type RefundState = 'succeeded' | 'failed' | 'pending';

/** A refund that was looked at because it had changed, or might have. */
export interface RefundSeen {
  id: string;
  state: RefundState;
  amountMinor: number;
  reason: string;
  /** The provider had not confirmed it at first: what waits for it is still to do. */
  wasPending: boolean;
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
  const currency = currencyOf(refund.currency);
  const wanted = { intentId, refundId, orderId, amountMinor, currency };
  const view = await keyed(pg, {
    orderId,
    verb: `refund/${refundId}`,
    send: (key) => afterCapture.refund(wanted, key),
    read: () => afterCapture.findRefund(intentId, refundId),
  });
  if (view.id) await recordRefundSent(pg, refundId, view.id);
  return view;
};

/** Records that the bank has refused a refund: an operator grants it again, or another way. */
const fail = ({ pg }: RefundDeps, { id }: Refund, detail?: string): Promise<void> =>
  recordRefundFailed(pg, id, {
    step: refundStep(id),
    reason: 'REFUND_FAILED',
    actions: ['retry', 'dismiss'],
    ...(detail !== undefined && { detail }),
  });

/** Records how the provider sees a refund now; a pending one is looked at by the sweep. */
const record = async (deps: RefundDeps, refund: Refund, view: RefundView): Promise<RefundState> => {
  const { pg, refundPollMs } = deps;
  const { id, lookAt } = refund;
  if (view.stage === 'succeeded' && view.id) await recordRefundSucceeded(pg, id, view.id);
  if (view.stage === 'failed') await fail(deps, refund, view.refusal);
  if (view.stage === 'pending' && !lookAt) await recordRefundLook(pg, id, refundPollMs);
  return view.stage;
};

/**
 * Sends a refund unless it was sent before. `failed` leaves the order with the attention
 * REFUND_FAILED for an operator; a pending one is not waited for.
 */
const settle = async (deps: RefundDeps, id: string): Promise<RefundState> => {
  const refund = await refundById(deps.pg, id);
  if (refund.state === 'succeeded' || refund.state === 'failed') return refund.state;
  return record(deps, refund, await viewed(deps, refund));
};

/** Grants and settles in one; succeeds when nothing is left to refund. */
export const giveBack = async (deps: RefundDeps, input: RefundInput): Promise<void> => {
  const granted = await grantRefund(deps.pg, input);
  if (granted) await settle(deps, granted.id);
};

export interface LookAtRefund {
  providerRefundId: string;
}

export const refundActivities = (deps: RefundDeps) => ({
  /**
   * Records a refund in the ledger, once an id; returns minor units. REFUND_EXCEEDS_CAPTURE,
   * AMOUNT_NOT_CHARGEABLE.
   */
  async requestRefund(input: RefundInput): Promise<number> {
    return (await grantRefund(deps.pg, input))?.amountMinor ?? 0;
  },
  /**
   * Sends the refund: confirmed, refused, or pending. A refusal of the request itself is a failed
   * refund, too: an operator grants it again.
   */
  async settleRefund({ id }: { id: string }): Promise<RefundState> {
    try {
      return await settle(deps, id);
    } catch (error) {
      if (!(error instanceof DomainError) || isPassing(error.code)) throw error;
      await fail(deps, await refundById(deps.pg, id), `${error.code}: ${error.message}`);
      return 'failed';
    }
  },
  /** Reads a refund that changed at the provider, perhaps one that failed after its success. */
  async lookAtRefund({ providerRefundId }: LookAtRefund): Promise<RefundSeen | undefined> {
    const { pg, afterCapture } = deps;
    const refund = await findRefundByProviderId(pg, providerRefundId);
    if (!refund) return undefined;
    const state = await record(deps, refund, await afterCapture.readRefund(providerRefundId));
    const { id, amountMinor, reason } = refund;
    return { id, state, amountMinor, reason, wasPending: refund.lookAt !== null };
  },
});
