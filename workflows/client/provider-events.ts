// Turns the providers' events into signals and workflow starts.
import { WorkflowNotFoundError } from '@temporalio/client';
import { findOrder } from '../../db/postgres/orders/orders.ts';
import { recordNotified, type ProviderEvent } from '../../db/postgres/orders/webhooks.ts';
import { isDecided } from '../../domain/order.ts';
import { REFUND_ORDER, refundOptions } from '../refund-order.contract.ts';
import { heedFraudWarning, type FraudWarningDeps } from './fraud-warnings.ts';
import { lookAtPayment } from './orders.ts';
import { signalLook } from './parcel-events.ts';
import { startWorkflow, wakeDispute } from './start.ts';

export interface ProviderEventDeps extends FraudWarningDeps {
  /** How long after its beginning a dispute is looked at without an event of its own, in ms. */
  disputeLookMs: number;
}

/** A new intent and one that needs its shopper were seen in the response to their own call. */
const PAYMENT_EVENTS: readonly string[] = [
  'payment_intent.amount_capturable_updated',
  'payment_intent.canceled',
  'payment_intent.payment_failed',
  'payment_intent.processing',
  'payment_intent.succeeded',
];

/** Each says that a dispute has begun or may have changed. */
const DISPUTE_EVENTS: readonly string[] = [
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
];

const deliverFromStripe = async (deps: ProviderEventDeps, event: ProviderEvent): Promise<void> => {
  const { id: eventId, type, reference: orderId = '', objectId } = event;
  const order = await findOrder(deps.pg, orderId);
  if (!order) return;
  const { storeId } = order;
  if (PAYMENT_EVENTS.includes(type)) {
    // A running payment step gets the same facts in its own response.
    const isWaiting = order.nextAction !== undefined && !isDecided(order.status);
    if (!isWaiting) return;
    await lookAtPayment(deps, order).catch((error: unknown) => {
      // A workflow that is over or not started needs no event: it reads the provider itself.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  } else if (DISPUTE_EVENTS.includes(type)) {
    const firstLookMs = deps.disputeLookMs;
    await wakeDispute(deps.temporal, { disputeId: objectId, orderId, storeId, firstLookMs });
  } else if (type === 'radar.early_fraud_warning.created') {
    await heedFraudWarning(deps, order, objectId);
  } else if (type === 'refund.failed' || type === 'refund.updated') {
    const recheck = { providerRefundId: objectId };
    const options = refundOptions(`${objectId}/${eventId}`, { orderId, storeId, recheck });
    await startWorkflow(deps.temporal, REFUND_ORDER, options);
  }
};

/** Delivers an event to its workflow and records the delivery; a repeated one changes nothing. */
export const notifyWorkflow = async (
  deps: ProviderEventDeps,
  event: ProviderEvent,
): Promise<void> => {
  if (event.source === 'carrier') await signalLook(deps.temporal, event);
  else await deliverFromStripe(deps, event);
  await recordNotified(deps.pg, event);
};
