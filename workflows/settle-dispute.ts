// The story of a dispute: taken into the books, answered from our record, won or lost.
import { setCurrentDetails } from '@temporalio/workflow';
import { disputes } from './activity-proxies.ts';
import type { SettleDisputeInput } from './settle-dispute.contract.ts';

export async function settleDispute(input: SettleDisputeInput): Promise<'won' | 'lost'> {
  const { pollMs, ...dispute } = input;
  setCurrentDetails('taking the dispute into the books');
  await disputes.recordDispute(dispute);
  setCurrentDetails('answering with what the order says');
  await disputes.answerDispute(dispute);
  setCurrentDetails('waiting for the verdict');
  const verdict = await disputes.followDispute({ ...dispute, pollMs });
  setCurrentDetails(verdict);
  return verdict;
}
