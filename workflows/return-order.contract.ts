// The name, id, input and update of the workflow of one return.
import { defineUpdate } from '@temporalio/workflow';
import type { Inspection } from '../domain/returns.ts';
import { ORDERS_QUEUE } from './fulfill-order.contract.ts';
import type { Looks } from './order/looking.ts';

export const RETURN_ORDER = 'returnOrder';

export interface ReturnOrderInput {
  returnId: string;
  orderId: string;
  storeId: string;
  /** How long after its label the carrier is looked at without an event of its own, in ms. */
  pollMs: number;
  /** A run that follows the parcel on from an earlier one. */
  resume?: Looks;
}

/** One workflow per return, for ever. */
export const returnOrderId = (returnId: string): string => `return/${returnId}`;

/** What a person accepts of it; ILLEGAL_TRANSITION once that is decided. */
export const inspectReturn = defineUpdate<void, [Inspection]>('inspectReturn');

export const returnOptions = (input: ReturnOrderInput) => ({
  workflowId: returnOrderId(input.returnId),
  taskQueue: ORDERS_QUEUE,
  args: [input] as [ReturnOrderInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Return ${input.returnId} of order ${input.orderId}`,
});
