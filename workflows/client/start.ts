// Starts workflows; starting one that exists already changes nothing.
import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { Pg } from '../../db/postgres/client.ts';
import { refundById, type Refund } from '../../db/postgres/orders/refunds.ts';
import type { Return } from '../../db/postgres/orders/returns.ts';
import {
  FULFILL_ORDER,
  PLACE_UPDATE_ID,
  fulfillOrderOptions,
  lookAgain,
  placeOrder,
  type StoredOrder,
  type WorkflowTimings,
} from '../fulfill-order.contract.ts';
import { REFUND_ORDER, refundOptions } from '../refund-order.contract.ts';
import { RETURN_ORDER, returnOptions } from '../return-order.contract.ts';
import {
  disputeOptions,
  SETTLE_DISPUTE,
  type SettleDisputeInput,
} from '../settle-dispute.contract.ts';
import type { TemporalConnection } from './connection.ts';

const ignoreStarted = (error: unknown): void => {
  if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') {
    throw error;
  }
};

/** Starts a workflow; one that was started before stays as it is. */
export const startWorkflow = async (
  temporal: TemporalConnection,
  name: string,
  options: Parameters<Client['workflow']['start']>[1],
): Promise<void> => {
  const client = await temporal.client();
  await client.workflow.start(name, options).catch(ignoreStarted);
};

/** Starts a failed workflow again; false for one that runs, or has ended well: it stays so. */
const startAgain = async (
  temporal: TemporalConnection,
  name: string,
  options: Parameters<Client['workflow']['start']>[1],
): Promise<boolean> => {
  const client = await temporal.client();
  const again = { ...options, workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' as const };
  const refused = 'FAIL' as const;
  try {
    await client.workflow.start(name, { ...again, workflowIdConflictPolicy: refused });
    return true;
  } catch (error) {
    ignoreStarted(error);
    return false;
  }
};

/** Signals a dispute's workflow to look at once, and starts a missing one; an ended one stays. */
export const wakeDispute = async (
  temporal: TemporalConnection,
  input: SettleDisputeInput,
): Promise<void> => {
  const client = await temporal.client();
  const options = { ...disputeOptions(input), signal: lookAgain };
  await client.workflow.signalWithStart(SETTLE_DISPUTE, options).catch(ignoreStarted);
};

/** Starts an order's workflow; one that runs or has run already stays as it is. */
export const startOrder = (
  temporal: TemporalConnection,
  order: StoredOrder,
  timings: WorkflowTimings,
): Promise<void> => startWorkflow(temporal, FULFILL_ORDER, fulfillOrderOptions(order, timings));

/** Starts an order's failed workflow again; one that runs stays as it is. */
export const restartOrder = async (
  temporal: TemporalConnection,
  order: StoredOrder,
  timings: WorkflowTimings,
): Promise<void> => {
  await startAgain(temporal, FULFILL_ORDER, fulfillOrderOptions(order, timings));
};

/** Starts the workflow of a return, a refund or a dispute again from its record, as above. */
export const restartFollowUp = async (
  deps: { pg: Pg; temporal: TemporalConnection; timings: WorkflowTimings },
  { id: orderId, storeId }: StoredOrder,
  workflowId: string,
): Promise<boolean> => {
  const { pg, temporal, timings } = deps;
  const slash = workflowId.indexOf('/');
  const [kind, id] = [workflowId.slice(0, slash), workflowId.slice(slash + 1)];
  if (kind === 'return') {
    const { carrierPollMs: pollMs } = timings;
    const options = returnOptions({ returnId: id, orderId, storeId, pollMs });
    return startAgain(temporal, RETURN_ORDER, options);
  }
  if (kind === 'refund') {
    const { amountMinor, reason } = await refundById(pg, id);
    const grant = { id, amountMinor, reason };
    return startAgain(temporal, REFUND_ORDER, refundOptions(id, { orderId, storeId, grant }));
  }
  const options = disputeOptions({ disputeId: id, orderId, storeId });
  return startAgain(temporal, SETTLE_DISPUTE, options);
};

/** Starts an order's workflow and waits until its payment is decided or its shopper must act. */
export const startOrderAndWait = async (
  temporal: TemporalConnection,
  order: StoredOrder,
  timings: WorkflowTimings,
): Promise<void> => {
  const client = await temporal.client();
  await client.workflow.executeUpdateWithStart(placeOrder, {
    startWorkflowOperation: new WithStartWorkflowOperation(
      FULFILL_ORDER,
      fulfillOrderOptions(order, timings),
    ),
    updateId: PLACE_UPDATE_ID,
  });
};

/** Starts the next look at a pending refund; one a look. */
export const lookAtRefund = (
  temporal: TemporalConnection,
  { orderId, storeId, providerRefundId, looks }: Refund,
): Promise<void> => {
  if (!providerRefundId) throw new Error('a refund is looked at before it was sent');
  const input = { orderId, storeId, recheck: { providerRefundId } };
  const about = `${providerRefundId}/look-${looks}`;
  return startWorkflow(temporal, REFUND_ORDER, refundOptions(about, input));
};

/** Starts a return's workflow; `pollMs` is when the carrier is first looked at without an event. */
export const startReturn = (
  temporal: TemporalConnection,
  { id: returnId, orderId, storeId }: Return,
  pollMs: number,
): Promise<void> => {
  const input = { returnId, orderId, storeId, pollMs };
  return startWorkflow(temporal, RETURN_ORDER, returnOptions(input));
};
