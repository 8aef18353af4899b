// Turns the providers' events into signals and workflow starts.
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Pg } from '../../db/postgres/client.ts';
import { findOrder } from '../../db/postgres/orders/orders.ts';
import { recordNotified, type ProviderEvent } from '../../db/postgres/orders/webhooks.ts';
import { isDecided } from '../../domain/order.ts';
import { REFUND_ORDER, refundOptions } from '../refund-order.contract.ts';
import { disputeOptions, SETTLE_DISPUTE } from '../settle-dispute.contract.ts';
import type { TemporalConnection } from './connection.ts';
import { lookAtPayment } from './orders.ts';
import { signalLook } from './parcel-events.ts';
import { startWorkflow } from './start.ts';

export interface ProviderEventDeps {
  pg: Pg;
  temporal: TemporalConnection;
  /** How often the provider is read for the verdict of a dispute, in ms. */
  disputePollMs: number;
}

/** A new intent and one that needs its shopper were seen in the response to their own call. */
const PAYMENT_EVENTS: readonly string[] = [
  'payment_intent.amount_capturable_updated',
  'payment_intent.canceled',
  'payment_intent.payment_failed',
  'payment_intent.processing',
  'payment_intent.succeeded',
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
  } else if (type === 'charge.dispute.created') {
    const input = { disputeId: objectId, orderId, storeId, pollMs: deps.disputePollMs };
    await startWorkflow(deps.temporal, SETTLE_DISPUTE, disputeOptions(input));
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
