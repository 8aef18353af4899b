// The name, id, input and update of the workflow of one dispute.
import { defineUpdate } from '@temporalio/workflow';
import type { DisputeAction } from '../domain/disputes/dispute.ts';
import type { Evidence } from '../domain/disputes/evidence.ts';
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';
import type { Looks } from './order/looking.ts';

export const SETTLE_DISPUTE = 'settleDispute';

export interface SettleDisputeInput {
  disputeId: string;
  orderId: string;
  storeId: string;
  /** How long after its beginning the provider is looked at without an event of its own, in ms. */
  firstLookMs?: number;
  /** A run that goes on from an earlier one. */
  resume?: { looks: Looks; isAnswered: boolean };
}

/** A person's decision about the evidence. */
export interface DisputeDecision {
  action: DisputeAction;
  /** With `submit`: fields that replace those that were prepared. */
  evidence?: Evidence;
}

/** Refused with ILLEGAL_TRANSITION unless the evidence waits for a decision. */
export const decideDispute = defineUpdate<void, [DisputeDecision]>('decideDispute');

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
