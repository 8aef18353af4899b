// The name, id, input, updates, signals and query of an order's workflow.
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import type { AttentionReason, RepairAction } from '../domain/attention.ts';
import { demandOf, type Address, type OrderStatus } from '../domain/order.ts';
import type { Demand } from '../domain/stock.ts';
import type { Looks } from './order/looking.ts';

export const FULFILL_ORDER = 'fulfillOrder';
export const ORDERS_QUEUE = 'orders';

/** One workflow per order, for ever: the id is the order's own. */
export const fulfillOrderId = (orderId: string): string => `order/${orderId}`;
/** The update that checkout waits for; the same id joins the first one. */
export const PLACE_UPDATE_ID = 'place';

/** The search attributes by which operators find workflows; nothing personal. */
export const ORDER_STATUS = defineSearchAttributeKey('OrderStatus', SearchAttributeType.KEYWORD);
export const STORE_ID = defineSearchAttributeKey('StoreId', SearchAttributeType.KEYWORD);
export const NEEDS_ATTENTION = defineSearchAttributeKey('NeedsAttention', SearchAttributeType.BOOL);

/** The workflow's input; nothing personal. */
export interface FulfillOrderInput {
  orderId: string;
  storeId: string;
  /** Sorted by sku, each sku once. */
  demand: Demand[];
  /** How long the shopper has to pay, in ms; stock is held a little longer. */
  paymentWindowMs: number;
  /**
   * How long a guest's bank is waited for when it asks for the card's holder, in ms; absent for an
   * account, which has the payment window.
   */
  challengeMs?: number;
  /** How long after the booking the carrier is looked at without an event of its own, in ms. */
  carrierPollMs: number;
  /** How long the money of a cancelled order waits for its parcels to be voided, in ms. */
  voidPatienceMs: number;
  /**
   * When the order was accepted, in ms since 1970: one that has waited for longer than its payment
   * window is charged only with its shopper's consent. Absent when there is nothing to consent to.
   */
  acceptedAtMs?: number;
  /** A run that follows the parcels on from an earlier one. */
  resume?: {
    status: OrderStatus;
    hasLeft: boolean;
    isReturn: boolean;
    looks: Looks;
  };
}

/** The workflow's durations; they are inputs, so that tests need no time travel. */
export interface WorkflowTimings extends Pick<
  FulfillOrderInput,
  'paymentWindowMs' | 'carrierPollMs' | 'voidPatienceMs'
> {
  /** `challengeMs` of a guest's order. */
  guestChallengeMs: number;
}

/** The stored fields of an order that its workflow is started from. */
export interface StoredOrder {
  id: string;
  storeId: string;
  /** `account/<id>`, or `guest/<hash>`. */
  principal: string;
  /** An account whose address is not confirmed; known at the checkout alone. */
  isUnproven?: boolean;
  lines: Demand[];
  status: OrderStatus;
  totalMinor: number;
  paymentIntentId: string | undefined;
  createdAt: Date;
}

/** True while the order costs something and no workflow has begun to pay it. */
const isUnpaid = ({ status, totalMinor, paymentIntentId }: StoredOrder): boolean =>
  status === 'accepted' && totalMinor > 0 && paymentIntentId === undefined;

const isGuests = ({ principal, isUnproven = false }: StoredOrder): boolean =>
  isUnproven || principal.startsWith('guest/');

/** The options of an order's workflow start, made from the stored order alone. */
export const fulfillOrderOptions = (order: StoredOrder, timings: WorkflowTimings) => {
  const { id: orderId, storeId, lines, createdAt } = order;
  const { paymentWindowMs, guestChallengeMs, carrierPollMs, voidPatienceMs } = timings;
  const input: FulfillOrderInput = {
    orderId,
    storeId,
    demand: demandOf(lines),
    paymentWindowMs,
    carrierPollMs,
    voidPatienceMs,
    ...(isGuests(order) && { challengeMs: guestChallengeMs }),
    ...(isUnpaid(order) && { acceptedAtMs: createdAt.getTime() }),
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

/** Waits until the payment is decided or the shopper must act; changes nothing. */
export const placeOrder = defineUpdate<OrderStatus>('placeOrder');
/** Requests the cancellation; refused with ILLEGAL_TRANSITION once packing has begun. */
export const cancelOrder = defineUpdate<OrderStatus>('cancelOrder');
/** Changes the address; refused with ILLEGAL_TRANSITION once the parcel is being booked. */
export const changeAddress = defineUpdate<void, [Address]>('changeAddress');
/** Pays with another card, or the same once more, while the order waits for payment. */
export const providePayment = defineUpdate<OrderStatus, [{ paymentMethod: string }]>(
  'providePayment',
);
/** An operator's decision about a step that failed for good. */
export const repairOrder = defineUpdate<string, [Repair]>('repairOrder');
/** The payment may have changed; sent by the webhook, the browser or a poll. */
export const paymentChanged = defineSignal('paymentChanged');
/** What a workflow waits for at the carrier or the bank may have changed; sent by their events. */
export const lookAgain = defineSignal('lookAgain');
export const orderProgress = defineQuery<OrderProgress>('orderProgress');

export interface Repair {
  /** The attention that the action is about. */
  attentionId: string;
  action: Exclude<RepairAction, 'refund' | 'cancel' | 'readdress' | 'dismiss'>;
  /** With `resolve`: what became of the parcel. */
  ending?: 'delivered' | 'lost' | 'returned_to_sender';
}

export interface OrderProgress {
  status: string;
  /** The workflow's present step, for a person. */
  step: string;
  /** The steps that wait for an operator. */
  attentions: { step: string; reason: AttentionReason }[];
}
