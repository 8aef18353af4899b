// The name, id and input of the workflow of one dispute.
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';

export const SETTLE_DISPUTE = 'settleDispute';

export interface SettleDisputeInput {
  disputeId: string;
  orderId: string;
  storeId: string;
  /** How often the provider is read for its verdict, in ms. */
  pollMs: number;
}

/** One workflow per dispute, for ever. */
export const disputeWorkflowId = (disputeId: string): string => `dispute/${disputeId}`;

export const disputeOptions = (input: SettleDisputeInput) => ({
  workflowId: disputeWorkflowId(input.disputeId),
  taskQueue: ORDERS_QUEUE,
  args: [input] as [SettleDisputeInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Dispute ${input.disputeId} of order ${input.orderId}`,
});
