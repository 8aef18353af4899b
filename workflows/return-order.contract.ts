// The name, id and input of the workflow of one return.
import { defineQuery } from '@temporalio/workflow';
import type { Demand } from '../domain/stock.ts';
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';

export const RETURN_ORDER = 'returnOrder';

export interface ReturnOrderInput {
  returnId: string;
  orderId: string;
  storeId: string;
  units: Demand[];
  refundMinor: number;
  /** How often the carrier is read, in ms. */
  pollMs: number;
}

/** One workflow per return, for ever. */
export const returnOrderId = (returnId: string): string => `return/${returnId}`;

export const returnProgress = defineQuery<string>('returnProgress');

export const returnOptions = (input: ReturnOrderInput) => ({
  workflowId: returnOrderId(input.returnId),
  taskQueue: ORDERS_QUEUE,
  args: [input] as [ReturnOrderInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Return ${input.returnId} of order ${input.orderId}`,
});
