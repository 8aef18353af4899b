// The name, id and input of the workflow of one refund.
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';

export const REFUND_ORDER = 'refundOrder';

export interface RefundOrderInput {
  orderId: string;
  storeId: string;
  /** A new refund, perhaps for one that was refused; or the provider's id of one that changed. */
  grant?: { id: string; amountMinor?: number; reason: string; replaces?: string };
  recheck?: { providerRefundId: string };
  /** The return whose refund was given back in another way. */
  endedReturn?: string;
}

/** The workflow that grants and sends a refund, or that is about an event or a look at one. */
export const refundWorkflowId = (about: string): string => `refund/${about}`;

/** `about` is the refund's id, or the id of the event about it. */
export const refundOptions = (about: string, input: RefundOrderInput) => ({
  workflowId: refundWorkflowId(about),
  taskQueue: ORDERS_QUEUE,
  args: [input] as [RefundOrderInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Refund ${about} of order ${input.orderId}`,
});
