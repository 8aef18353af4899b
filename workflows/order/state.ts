// The state of an order's workflow, its status changes and mails.
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { NotificationKind, NotifyInput } from '../../activities/notifications.ts';
import { isEnding, type OrderEndReason, type OrderStatus } from '../../domain/order.ts';
import { ORDER_STATUS, type FulfillOrderInput } from '../fulfill-order.contract.ts';
import { records } from '../activity-proxies.ts';
import { attendingOf, beside, mailShopper, showDetails, type Attending } from './attending.ts';
import type { UndoName } from './undo.ts';

export interface OrderState extends Attending {
  status: OrderStatus;
  /** Counts the `paymentChanged` signals and new cards. */
  changes: number;
  /** True once the parcel is being booked: its address cannot change. */
  isBooking: boolean;
  /** Address changes that are being recorded. */
  changing: number;
  /** Cards that the order has taken, the checkout's own among them. */
  cardsTaken: number;
  /** Address changes that it has taken. */
  addressesTaken: number;
  /** Cards that the shopper has sent and that are not tried yet. */
  cards: string[];
  /** True while the shopper must act. */
  isWaiting: boolean;
  /** The payment attempt of the last mail to the shopper. */
  mailedTries: number;
  /** How often a card was confirmed. */
  tries: number;
  /** When the payment window ends, in ms since 1970. */
  windowEndMs: number;
  /** When the order expires, in ms since 1970: a challenge or a declined card has less time. */
  deadlineMs: number;
  /** What has to be undone if the order ends without a parcel; registered before it is done. */
  undos: readonly UndoName[];
  /** A parcel had left before it could be voided. */
  hasLeft: boolean;
  /** An operator treats the parcel that had left as a return. */
  isReturn: boolean;
  /** How long the money of a cancelled order waits for its parcels to be voided, in ms. */
  voidPatienceMs: number;
  /** What goes on beside the order's steps and ends before the workflow does. */
  beside: Promise<void>[];
}

export const initialState = (input: FulfillOrderInput): OrderState => ({
  ...attendingOf({ orderId: input.orderId, storeId: input.storeId }, '', input.resume?.looks),
  status: input.resume?.status ?? 'accepted',
  changes: 0,
  isBooking: input.resume !== undefined,
  changing: 0,
  cardsTaken: 1,
  addressesTaken: 0,
  cards: [],
  isWaiting: false,
  mailedTries: 0,
  tries: 1,
  windowEndMs: Date.now() + input.paymentWindowMs,
  deadlineMs: Date.now() + input.paymentWindowMs,
  undos: [],
  hasLeft: input.resume?.hasLeft ?? false,
  isReturn: input.resume?.isReturn ?? false,
  voidPatienceMs: input.voidPatienceMs,
  beside: [],
});

/** Statuses in the search attribute; those between are in the current details. */
const isSearched = (status: OrderStatus): boolean =>
  isEnding(status) || ['awaiting_payment', 'confirmed'].includes(status);

/** Takes over a status that an activity has already recorded. */
export const moved = (state: OrderState, status: OrderStatus): void => {
  if (state.status !== status && isSearched(status)) {
    upsertSearchAttributes([{ key: ORDER_STATUS, value: status }]);
  }
  state.status = status;
  showDetails(state);
};

/** Records a status change, then makes it. */
export const moveTo = async (
  state: OrderState,
  status: OrderStatus,
  reason?: OrderEndReason,
): Promise<void> => {
  await records.moveOrder({ ...state.order, status, ...(reason && { reason }) });
  moved(state, status);
};

/** Sends a mail without waiting for it. */
export const mail = (
  state: OrderState,
  kind: NotificationKind,
  about: Pick<NotifyInput, 'about' | 'amountMinor'> = {},
): void => void state.beside.push(beside(state, mailShopper(state, kind, about)));
