// What the provider's events lead to: each only says "look again" to the story it is about.
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Pg } from '../../db/postgres/client.ts';
import { findOrder } from '../../db/postgres/orders/orders.ts';
import { recordNotified, type ProviderEvent } from '../../db/postgres/orders/webhooks.ts';
import { isDecided } from '../../domain/order.ts';
import { fulfillOrderId, paymentChanged } from '../../workflows/fulfill-order.contract.ts';
import { REFUND_ORDER, refundOptions } from '../../workflows/refund-order.contract.ts';
import { disputeOptions, SETTLE_DISPUTE } from '../../workflows/settle-dispute.contract.ts';
import type { LazyTemporal } from '../rpc/temporal.ts';
import { startWorkflow } from '../rpc/stories.ts';

export interface ProviderEventDeps {
  pg: Pg;
  temporal: LazyTemporal;
  /** How often the provider is asked for the verdict of a dispute, in ms. */
  disputePollMs: number;
}

const signalOrder = async ({ temporal }: ProviderEventDeps, orderId: string): Promise<void> => {
  const client = await temporal.client();
  const workflow = client.workflow.getHandle(fulfillOrderId(orderId));
  await workflow.signal(paymentChanged).catch((error: unknown) => {
    // A story that is over, or not begun, needs no news: it reads the provider itself.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
};

const signalWorkflow = async (deps: ProviderEventDeps, event: ProviderEvent): Promise<void> => {
  const { id: eventId, type, orderId = '', objectId } = event;
  const order = await findOrder(deps.pg, orderId);
  if (!order) return;
  const { storeId } = order;
  if (type.startsWith('payment_intent.')) {
    // While a payment step runs, its own answer says more than any news of it.
    const isWaiting = order.nextAction !== undefined && !isDecided(order.status);
    if (isWaiting) await signalOrder(deps, orderId);
  } else if (type === 'charge.dispute.created') {
    const input = { disputeId: objectId, orderId, storeId, pollMs: deps.disputePollMs };
    await startWorkflow(deps.temporal, SETTLE_DISPUTE, disputeOptions(input));
  } else if (type === 'refund.failed' || type === 'refund.updated') {
    const recheck = { providerRefundId: objectId };
    const options = refundOptions(`${objectId}/${eventId}`, { orderId, storeId, recheck });
    await startWorkflow(deps.temporal, REFUND_ORDER, options);
  }
};

/** Tells the story and notes that it was told; told twice it changes nothing. */
export const notifyWorkflow = async (
  deps: ProviderEventDeps,
  event: ProviderEvent,
): Promise<void> => {
  await signalWorkflow(deps, event);
  await recordNotified(deps.pg, event.id);
};
