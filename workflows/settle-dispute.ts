// Settles a dispute: records it in the ledger, submits evidence and awaits the verdict.
import { setCurrentDetails } from '@temporalio/workflow';
import { disputes } from './activity-proxies.ts';
import type { SettleDisputeInput } from './settle-dispute.contract.ts';

export async function settleDispute(input: SettleDisputeInput): Promise<'won' | 'lost'> {
  const { pollMs, ...dispute } = input;
  setCurrentDetails('recording the dispute');
  await disputes.recordDispute(dispute);
  setCurrentDetails('submitting the evidence');
  await disputes.answerDispute(dispute);
  setCurrentDetails('waiting for the verdict');
  const verdict = await disputes.followDispute({ ...dispute, pollMs });
  setCurrentDetails(verdict);
  return verdict;
}
