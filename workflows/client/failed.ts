// Finds workflows that have failed and were not started again: a person has to look at them.
import type { Client } from '@temporalio/client';
import { FULFILL_ORDER } from '../fulfill-order.contract.ts';
import { REFUND_ORDER } from '../refund-order.contract.ts';
import { RETURN_ORDER } from '../return-order.contract.ts';
import { SETTLE_DISPUTE } from '../settle-dispute.contract.ts';

const TYPES = [FULFILL_ORDER, REFUND_ORDER, RETURN_ORDER, SETTLE_DISPUTE];
const NAMES = TYPES.map((type) => `"${type}"`).join(', ');
const QUERY = `ExecutionStatus IN ("Failed", "TimedOut") AND WorkflowType IN (${NAMES})`;
/** More than this are counted as this many. */
const FAILED_MAX = 100;
/** Runs that are looked at: thousands that failed and were started again cost no more. */
const READ_MAX = 300;

export interface FailedWorkflow {
  workflowId: string;
  closedAt: Date;
}

/** Those among the newest runs that failed, at most 100, as long as Temporal keeps them. */
export const failedWorkflows = async (client: Client): Promise<FailedWorkflow[]> => {
  const failed = new Map<string, FailedWorkflow>();
  let read = 0;
  for await (const { workflowId, closeTime } of client.workflow.list({ query: QUERY })) {
    if (failed.size >= FAILED_MAX || ++read > READ_MAX) break;
    if (failed.has(workflowId)) continue;
    // A later run of the same id goes on with it, or has ended it.
    const { status } = await client.workflow.getHandle(workflowId).describe();
    if (status.name !== 'FAILED' && status.name !== 'TIMED_OUT') continue;
    failed.set(workflowId, { workflowId, closedAt: closeTime ?? new Date() });
  }
  return [...failed.values()];
};
