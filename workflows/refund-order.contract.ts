// The name, id and input of the workflow of one refund.
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';

export const REFUND_ORDER = 'refundOrder';

export interface RefundOrderInput {
  orderId: string;
  storeId: string;
  /** A new refund, perhaps for one that was refused; or the provider's id of one that changed. */
  grant?: { id: string; amountMinor?: number; reason: string; replaces?: string };
  recheck?: { providerRefundId: string };
}

/** `about` is the refund's id, or the id of the event about it. */
export const refundOptions = (about: string, input: RefundOrderInput) => ({
  workflowId: `refund/${about}`,
  taskQueue: ORDERS_QUEUE,
  args: [input] as [RefundOrderInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Refund ${about} of order ${input.orderId}`,
});
