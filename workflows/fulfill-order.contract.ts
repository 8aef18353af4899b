// What may be asked of an order's story, and what it needs to begin.
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { demandOf, type OrderStatus } from '../domain/order.ts';
import type { Demand } from '../domain/stock.ts';

export const FULFILL_ORDER = 'fulfillOrder' satisfies keyof typeof import('./index.ts');
export const ORDERS_QUEUE = 'orders';

/** One story per order, for ever: the id is the order's own. */
export const fulfillOrderId = (orderId: string): string => `order/${orderId}`;
/** The update that checkout waits for; the same id joins the first one. */
export const PLACE_UPDATE_ID = 'place';

/** Everything the story needs; nothing personal. */
export interface FulfillOrderInput {
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
export type StoryPace = Pick<FulfillOrderInput, 'paymentWindowMs' | 'carrierPollMs'>;

/** How an order's story is started, wherever it is started: from the stored order alone. */
export const storyOptions = (
  order: { id: string; storeId: string; lines: Demand[] },
  { paymentWindowMs, carrierPollMs }: StoryPace,
) => {
  const { id: orderId, storeId, lines } = order;
  const demand = demandOf(lines);
  const input: FulfillOrderInput = { orderId, storeId, demand, paymentWindowMs, carrierPollMs };
  return {
    workflowId: fulfillOrderId(orderId),
    taskQueue: ORDERS_QUEUE,
    args: [input] as [FulfillOrderInput],
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    staticSummary: `Order ${orderId}`,
  };
};

/** Waits until payment is decided; changes nothing, so it is never needed. */
export const placeOrder = defineUpdate<OrderStatus>('placeOrder');
/** Until packing has begun; refused with ILLEGAL_TRANSITION after that. */
export const cancelOrder = defineUpdate<OrderStatus>('cancelOrder');
/** The provider, the browser or a poll says: look again. */
export const paymentChanged = defineSignal('paymentChanged');
export const orderProgress = defineQuery<OrderProgress>('orderProgress');

export interface OrderProgress {
  status: OrderStatus;
  /** What the story is doing now, for a person. */
  step: string;
}
