// A refund's story, granted by an operator or looked at again: its name, its id, its beginning.
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';

export const REFUND_ORDER = 'refundOrder';

export interface RefundOrderInput {
  orderId: string;
  storeId: string;
  /** A new refund, or the provider's id of one that has news. */
  grant?: { id: string; amountMinor?: number; reason: string };
  recheck?: { providerRefundId: string };
}

/** `about` is the refund's id, or the event that brought the news. */
export const refundOptions = (about: string, input: RefundOrderInput) => ({
  workflowId: `refund/${about}`,
  taskQueue: ORDERS_QUEUE,
  args: [input] as [RefundOrderInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Refund ${about} of order ${input.orderId}`,
});
