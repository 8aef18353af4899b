// Refunds: granted in our books, sent once under their own key, owed until they are confirmed.
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
import { raiseAttention } from '../db/postgres/orders/steps.ts';
import { keyed } from './payment-keys.ts';
import type { AftercareProvider, RefundView } from './providers/stripe-aftercare.ts';
import { notYet } from './attempts.ts';

/** How soon the provider is asked again about a refund that is under way. */
const PENDING_POLL_MS = 5_000;

export interface RefundDeps {
  pg: Pg;
  aftercare: AftercareProvider;
}

const intentOf = async ({ pg }: RefundDeps, { storeId, orderId }: Refund): Promise<string> => {
  const { paymentIntentId } = await orderById(pg, storeId, orderId);
  if (!paymentIntentId) throw new Error('a refund was granted for an order without a payment');
  return paymentIntentId;
};

/** The provider's view of a refund: read when it is known there, else sent under its key. */
const viewed = async (deps: RefundDeps, refund: Refund): Promise<RefundView> => {
  const { pg, aftercare } = deps;
  if (refund.providerRefundId) return aftercare.readRefund(refund.providerRefundId);
  const intentId = await intentOf(deps, refund);
  const { id: refundId, orderId, amountMinor } = refund;
  const view = await keyed(pg, {
    orderId,
    verb: `refund/${refundId}`,
    send: (key) => aftercare.refund({ intentId, refundId, orderId, amountMinor }, key),
    read: () => aftercare.findRefund(intentId, refundId),
  });
  await recordRefundSent(pg, refundId, view.id);
  return view;
};

/**
 * Resolves when the provider has confirmed it; still pending is a retry, not a failure.
 * `failed` leaves the order with `attention` REFUND_FAILED: a person decides what to do.
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
    await recordRefundFailed(pg, id);
    await raiseAttention(pg, refund.storeId, refund.orderId, 'REFUND_FAILED');
    return 'failed';
  }
  throw notYet(`refund ${id} is ${view.stage}`, PENDING_POLL_MS);
};

/** Grants and settles in one: nothing left to give back succeeds. */
export const giveBack = async (deps: RefundDeps, input: RefundInput): Promise<void> => {
  const granted = await grantRefund(deps.pg, input);
  if (granted) await settle(deps, granted.id);
};

export const refundActivities = (deps: RefundDeps) => ({
  /** Puts a refund into our books, once an id; answers minor units. REFUND_EXCEEDS_CAPTURE. */
  async requestRefund(input: RefundInput): Promise<number> {
    return (await grantRefund(deps.pg, input))?.amountMinor ?? 0;
  },
  /** Sends it and waits until the provider has confirmed or refused it. */
  settleRefund: ({ id }: { id: string }): Promise<'succeeded' | 'failed'> => settle(deps, id),
  /** The provider has news of a refund, perhaps that it failed after all: looks again. */
  async recheckRefund({ providerRefundId }: { providerRefundId: string }): Promise<void> {
    const { pg, aftercare } = deps;
    const refund = await findRefundByProviderId(pg, providerRefundId);
    if (!refund) return;
    const { stage } = await aftercare.readRefund(providerRefundId);
    if (stage === 'succeeded') await recordRefundSucceeded(pg, refund.id, providerRefundId);
    if (stage === 'failed') {
      await recordRefundFailed(pg, refund.id);
      await raiseAttention(pg, refund.storeId, refund.orderId, 'REFUND_FAILED');
    }
  },
});
