// Sends a person's decision about a dispute's evidence to its workflow.
import type { Pg } from '../../db/postgres/client.ts';
import { findDispute, type Dispute } from '../../db/postgres/orders/disputes.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  decideDispute,
  disputeWorkflowId,
  type DisputeDecision,
} from '../settle-dispute.contract.ts';
import type { TemporalConnection } from './connection.ts';
import { UNTIL_ACCEPTED, updateOrder } from './orders.ts';

/** ILLEGAL_TRANSITION */
const assertDecidable = ({ state, isInquiry }: Dispute, { action }: DisputeDecision): void => {
  if (state !== 'evidence_prepared') {
    throw new DomainError('ILLEGAL_TRANSITION', `a dispute that is ${state} is not decided`);
  }
  if (isInquiry && action === 'accept') {
    const message = 'an inquiry has taken no money: refund the order instead';
    throw new DomainError('ILLEGAL_TRANSITION', message);
  }
};

/**
 * Decides about evidence that waits for it, once an id. ILLEGAL_TRANSITION, UNAVAILABLE; NOT_FOUND
 * for a dispute that was not recorded.
 */
export const sendDecision = async (
  deps: { pg: Pg; temporal: TemporalConnection },
  disputeId: string,
  decision: DisputeDecision,
  updateId: string,
): Promise<void> => {
  const dispute = await findDispute(deps.pg, disputeId);
  if (!dispute) throw new DomainError('NOT_FOUND', 'no such dispute');
  assertDecidable(dispute, decision);
  const start = { ...UNTIL_ACCEPTED, args: [decision] as [DisputeDecision], updateId };
  await updateOrder(
    deps,
    dispute.orderId,
    (workflow) => workflow.startUpdate(decideDispute, start),
    disputeWorkflowId(disputeId),
  );
};
