// A return's story: its name, its id, and what it needs to begin.
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
  /** How often the carrier is asked, in ms. */
  pollMs: number;
}

/** One story a return, for ever. */
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
