// The statuses of an order and its money, its allowed moves, their events, and its limits.
import { DomainError } from './errors.ts';

export const ORDER_STATUSES = [
  'accepted',
  'awaiting_payment',
  'confirmed',
  'packing',
  'shipped',
  'delivered',
  'cancelled',
  'rejected',
  'expired',
  'lost',
  'returned_to_sender',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** The allowed moves, as data read by the workflow, the store and the tests. */
export const ORDER_MOVES: Record<OrderStatus, readonly OrderStatus[]> = {
  accepted: ['awaiting_payment', 'confirmed', 'cancelled', 'rejected', 'expired'],
  awaiting_payment: ['confirmed', 'cancelled', 'rejected', 'expired'],
  confirmed: ['packing', 'cancelled'],
  // Only the order's workflow cancels from here, when it undoes a booking whose reply was lost.
  packing: ['shipped', 'cancelled'],
  shipped: ['delivered', 'lost', 'returned_to_sender'],
  delivered: [],
  cancelled: [],
  rejected: [],
  expired: [],
  lost: [],
  returned_to_sender: [],
};

/** Name of the event recorded on arrival at a status: noun + past tense. */
export const ORDER_EVENTS: Record<OrderStatus, string> = {
  accepted: 'OrderAccepted',
  awaiting_payment: 'OrderPaymentAwaited',
  confirmed: 'OrderConfirmed',
  packing: 'OrderPacked',
  shipped: 'OrderShipped',
  delivered: 'OrderDelivered',
  cancelled: 'OrderCancelled',
  rejected: 'OrderRejected',
  expired: 'OrderExpired',
  lost: 'OrderLost',
  returned_to_sender: 'OrderReturnedToSender',
};

export const PAYMENT_STATUSES = [
  'none',
  'authorized',
  'captured',
  'partially_refunded',
  'refunded',
  'disputed',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** True while the payment is open: after its capture only refunds and disputes move it. */
export const isOpenPayment = (status: PaymentStatus): boolean =>
  status === 'none' || status === 'authorized';

export const REFUND_STATES = ['requested', 'pending', 'succeeded', 'failed'] as const;

/** The status of a captured payment after refunds, both amounts in minor units. */
export const paymentStatusAfter = (totalMinor: number, refundedMinor: number): PaymentStatus => {
  if (refundedMinor === 0) return 'captured';
  return refundedMinor < totalMinor ? 'partially_refunded' : 'refunded';
};

export const LINES_MAX = 100;
export const QUANTITY_MAX = 10_000;
/** A shopper's note to the store, in characters. */
export const NOTE_LENGTH_MAX = 500;

/** Events of an order that are read at a time. */
export const EVENTS_PAGE_MAX = 200;

export interface Address {
  name: string;
  line1: string;
  line2?: string | undefined;
  city: string;
  region?: string | undefined;
  /** Absent where there is none. */
  postalCode?: string | undefined;
  country: string;
}

/** Compares two addresses; an absent field equals an empty one. */
export const isSameAddress = (a: Address, b: Address): boolean =>
  (['name', 'line1', 'line2', 'city', 'region', 'postalCode', 'country'] as const).every(
    (field) => (a[field] ?? '') === (b[field] ?? ''),
  );

export interface OrderLine {
  sku: string;
  productId: string;
  name: string;
  quantity: number;
  unitMinor: number;
}

/** Why an order ended without a delivery; `code` is an error code or `SHOPPER_CANCELLED`. */
export interface OrderEndReason {
  code: string;
  message: string;
}

export const isEnding = (status: OrderStatus): boolean => ORDER_MOVES[status].length === 0;

/** True once checkout can answer: the order is confirmed, beyond it, or ended. */
export const isDecided = (status: OrderStatus): boolean =>
  status !== 'accepted' && status !== 'awaiting_payment';

/** Throws ILLEGAL_TRANSITION when the table does not have the move. */
export const assertMove = (from: OrderStatus, to: OrderStatus): void => {
  if (ORDER_MOVES[from].includes(to)) return;
  throw new DomainError('ILLEGAL_TRANSITION', `an order that is ${from} cannot become ${to}`, {
    facts: { from, to },
  });
};

/**
 * True until packing begins. The table's later move to `cancelled` is the workflow's own and cannot
 * be requested.
 */
export const isCancellable = (status: OrderStatus): boolean =>
  !isEnding(status) && (!isDecided(status) || status === 'confirmed');

/** Throws ILLEGAL_TRANSITION once a shopper or operator can no longer cancel. */
export const assertCancellable = (status: OrderStatus): void => {
  if (isCancellable(status)) return;
  throw new DomainError('ILLEGAL_TRANSITION', `an order that is ${status} cannot be cancelled`, {
    facts: { from: status, to: 'cancelled' },
  });
};

/** Sums quantities per sku, sorted by sku. */
export const demandOf = (
  lines: readonly { sku: string; quantity: number }[],
): { sku: string; quantity: number }[] => {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return [...sums]
    .map(([sku, quantity]) => ({ sku, quantity }))
    .sort((a, b) => (a.sku < b.sku ? -1 : 1));
};

/** How many units one order may hold, so that none takes all of a product off sale. */
export interface UnitLimits {
  /** Units of one sku, on all lines together. */
  sku: number;
  /** Units of all skus together. */
  order: number;
}

const refused = (message: string, facts: Record<string, unknown>): DomainError =>
  new DomainError('QUANTITY_LIMITED', message, { facts });

/** QUANTITY_LIMITED with `most`, and with the sku where one is above its limit. */
export const assertUnits = (
  lines: readonly { sku: string; quantity: number }[],
  limits: UnitLimits,
): void => {
  const demand = demandOf(lines);
  const above = demand.find(({ quantity }) => quantity > limits.sku);
  if (above) {
    const { sku } = above;
    throw refused(`at most ${limits.sku} of ${sku} an order`, { sku, most: limits.sku });
  }
  const units = demand.reduce((sum, { quantity }) => sum + quantity, 0);
  if (units <= limits.order) return;
  throw refused(`at most ${limits.order} units an order`, { most: limits.order });
};
