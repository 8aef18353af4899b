// What may be asked of an order's story, and what it needs to begin.
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import type { AttentionReason, RepairAction } from '../domain/attention.ts';
import { demandOf, type Address, type OrderStatus } from '../domain/order.ts';
import type { Demand } from '../domain/stock.ts';

export const FULFILL_ORDER = 'fulfillOrder';
export const ORDERS_QUEUE = 'orders';

/** One story per order, for ever: the id is the order's own. */
export const fulfillOrderId = (orderId: string): string => `order/${orderId}`;
/** The update that checkout waits for; the same id joins the first one. */
export const PLACE_UPDATE_ID = 'place';

/** How operators find stories in the UI; nothing personal. */
export const ORDER_STATUS = defineSearchAttributeKey('OrderStatus', SearchAttributeType.KEYWORD);
export const STORE_ID = defineSearchAttributeKey('StoreId', SearchAttributeType.KEYWORD);
export const NEEDS_ATTENTION = defineSearchAttributeKey('NeedsAttention', SearchAttributeType.BOOL);

/**
 * Which story is told, chosen when it begins: 1 (absent) knows neither attention nor parcels nor
 * another card. As `patched` it keeps running stories as they are, but costs no events.
 */
const WORKFLOW_VERSION = 2;

/** Everything the story needs; nothing personal. */
export interface FulfillOrderInput {
  version?: number;
  orderId: string;
  storeId: string;
  /** Sorted by sku, each sku once. */
  demand: Demand[];
  /** How long the shopper has to pay, in ms; stock is held a little longer. */
  paymentWindowMs: number;
  /** How often the carrier is asked, in ms. */
  carrierPollMs: number;
}

/** How long the parts of a story take; inputs, so that tests need no time travel. */
export type WorkflowTimings = Pick<FulfillOrderInput, 'paymentWindowMs' | 'carrierPollMs'>;

/** How an order's story is started, wherever it is started: from the stored order alone. */
export const fulfillOrderOptions = (
  order: { id: string; storeId: string; lines: Demand[] },
  { paymentWindowMs, carrierPollMs }: WorkflowTimings,
) => {
  const { id: orderId, storeId, lines } = order;
  const demand = demandOf(lines);
  const timings = { paymentWindowMs, carrierPollMs };
  const input: FulfillOrderInput = {
    version: WORKFLOW_VERSION,
    orderId,
    storeId,
    demand,
    ...timings,
  };
  return {
    workflowId: fulfillOrderId(orderId),
    taskQueue: ORDERS_QUEUE,
    args: [input] as [FulfillOrderInput],
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    staticSummary: `Order ${orderId}`,
    typedSearchAttributes: [
      { key: ORDER_STATUS, value: 'accepted' },
      { key: STORE_ID, value: storeId },
    ],
  };
};

/** Waits until payment is decided or the shopper is needed; changes nothing, so never needed. */
export const placeOrder = defineUpdate<OrderStatus>('placeOrder');
/** Until packing has begun; refused with ILLEGAL_TRANSITION after that. */
export const cancelOrder = defineUpdate<OrderStatus>('cancelOrder');
/** The parcel goes elsewhere; refused with ILLEGAL_TRANSITION once it is being booked. */
export const changeAddress = defineUpdate<void, [Address]>('changeAddress');
/** Another card, or the same once more, while the order waits for payment. */
export const providePayment = defineUpdate<OrderStatus, [{ paymentMethod: string }]>(
  'providePayment',
);
/** What an operator decides for a step that does not mend itself. */
export const repairOrder = defineUpdate<OrderStatus, [Repair]>('repairOrder');
/** The former name of `repairOrder`, still accepted. */
export const mendOrder = defineUpdate<OrderStatus, [Repair]>('mendOrder');
/** The provider, the browser or a poll says: look again. */
export const paymentChanged = defineSignal('paymentChanged');
export const orderProgress = defineQuery<OrderProgress>('orderProgress');

export interface Repair {
  action: Extract<RepairAction, 'retry' | 'skip' | 'cancel' | 'resolve'>;
  /** With `resolve`: what became of the parcel. */
  ending?: 'delivered' | 'lost' | 'returned_to_sender';
}

export interface OrderProgress {
  status: OrderStatus;
  /** What the story is doing now, for a person. */
  step: string;
  /** Set while it waits for an operator. */
  attention?: AttentionReason;
}
