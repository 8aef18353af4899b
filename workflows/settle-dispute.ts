// Settles a dispute: records it in the ledger, submits evidence and awaits the verdict.
import { disputes } from './activity-proxies.ts';
import { attendingOf, showStep } from './order/attending.ts';
import { persist } from './order/persist.ts';
import { setAttendingHandlers } from './order/repairs.ts';
import { disputeWorkflowId, type SettleDisputeInput } from './settle-dispute.contract.ts';

export async function settleDispute(input: SettleDisputeInput): Promise<'won' | 'lost'> {
  const { pollMs, ...dispute } = input;
  const { disputeId, orderId, storeId } = dispute;
  const order = { orderId, storeId };
  const state = attendingOf(order, 'dispute');
  setAttendingHandlers(state);
  const step = <T>(step: string, work: () => Promise<T>, skipped?: () => Promise<T>) => {
    showStep(state, step);
    const name = `${disputeWorkflowId(disputeId)}: ${step}`;
    return persist(state, {
      name,
      reason: 'DISPUTE_STEP_FAILED',
      work,
      ...(skipped && { skipped }),
    });
  };
  await step('recording it', () => disputes.recordDispute(dispute));
  const leave = (): Promise<void> => Promise.resolve();
  await step('submitting the evidence', () => disputes.answerDispute(dispute), leave);
  const follow = () => disputes.followDispute({ ...dispute, pollMs });
  const verdict = await step('waiting for the verdict', follow);
  showStep(state, verdict);
  return verdict;
}
