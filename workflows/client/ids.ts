// The id of the workflow of an order, a return, a refund or a dispute.
import { fulfillOrderId } from '../fulfill-order.contract.ts';
import { refundWorkflowId } from '../refund-order.contract.ts';
import { returnOrderId } from '../return-order.contract.ts';
import { disputeWorkflowId } from '../settle-dispute.contract.ts';

const IDS = {
  order: fulfillOrderId,
  return: returnOrderId,
  refund: refundWorkflowId,
  dispute: disputeWorkflowId,
};

export const workflowIdOf = (kind: keyof typeof IDS, id: string): string => IDS[kind](id);
