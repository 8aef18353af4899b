// A dispute's story: its name, its id, and what it needs to begin.
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';

export const SETTLE_DISPUTE = 'settleDispute';

export interface SettleDisputeInput {
  disputeId: string;
  orderId: string;
  storeId: string;
  /** How often the provider is asked for its verdict, in ms. */
  pollMs: number;
}

/** One story a dispute, for ever. */
export const disputeOptions = (input: SettleDisputeInput) => ({
  workflowId: `dispute/${input.disputeId}`,
  taskQueue: ORDERS_QUEUE,
  args: [input] as [SettleDisputeInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Dispute ${input.disputeId} of order ${input.orderId}`,
});
