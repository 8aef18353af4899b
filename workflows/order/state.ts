// The state of an order's workflow, its status changes, attentions and mails.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { NotificationKind, NotifyInput } from '../../activities/notifications.ts';
import type { Attention } from '../../domain/attention.ts';
import { isEnding, type OrderEndReason, type OrderStatus } from '../../domain/order.ts';
import {
  NEEDS_ATTENTION,
  ORDER_STATUS,
  type FulfillOrderInput,
  type Repair,
} from '../fulfill-order.contract.ts';
import { laterNotifications, notifications, records } from '../activity-proxies.ts';
import { ranOutOfTime, refusalIn } from './refusals.ts';
import type { UndoName } from './undo.ts';

const EXPIRED = { code: 'PAYMENT_WINDOW_OVER', message: 'the order was not paid in time' };
const CANCELLED = { code: 'SHOPPER_CANCELLED', message: 'the order was cancelled' };

/** Endings of an order that was not sent. */
export type UnsentEnding = 'cancelled' | 'expired' | 'rejected';

/** An ending other than delivery; thrown where it is detected, handled in one place. */
export class Ended extends Error {
  constructor(
    readonly ending: UnsentEnding,
    readonly reason: OrderEndReason,
  ) {
    super(ending);
  }
}

export const expired = (): Ended => new Ended('expired', EXPIRED);
export const cancelled = (): Ended => new Ended('cancelled', CANCELLED);

/** The ending that a failed step means for the order; undefined for any other failure. */
export const endingIn = (error: unknown): Ended | undefined => {
  if (error instanceof Ended) return error;
  const refusal = refusalIn(error);
  if (refusal) return new Ended('rejected', refusal);
  return ranOutOfTime(error) ? expired() : undefined;
};

/**
 * As `endingIn`, for a failure that must be an ending. Any other failure is thrown as a plain
 * error: it halts the workflow task, and the order continues from there once a fix is deployed.
 */
export const endingOf = (error: unknown): Ended => {
  const ended = endingIn(error);
  if (ended) return ended;
  throw new Error('a step failed with an unknown error', { cause: error });
};

export interface OrderState {
  order: { orderId: string; storeId: string };
  status: OrderStatus;
  step: string;
  /** Counts the `paymentChanged` signals and new cards. */
  changes: number;
  cancelRequested: boolean;
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
  deadlineMs: number;
  /** The steps that wait for an operator, each with the action that was taken on it. */
  waiting: (Omit<Attention, 'since'> & { repair?: Repair })[];
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
  order: { orderId: input.orderId, storeId: input.storeId },
  status: 'accepted',
  step: 'beginning',
  changes: 0,
  cancelRequested: false,
  isBooking: false,
  changing: 0,
  cardsTaken: 1,
  addressesTaken: 0,
  cards: [],
  isWaiting: false,
  mailedTries: 0,
  tries: 1,
  deadlineMs: Date.now() + input.paymentWindowMs,
  waiting: [],
  undos: [],
  hasLeft: false,
  isReturn: false,
  voidPatienceMs: input.voidPatienceMs,
  beside: [],
});

const updateDetails = ({ status, step, waiting }: OrderState): void => {
  const reasons = waiting.map(({ reason }) => reason).join(', ');
  setCurrentDetails(`**${status}**: ${step}${reasons && ` — needs a person: ${reasons}`}`);
};

export const showStep = (state: OrderState, step: string): void => {
  state.step = step;
  updateDetails(state);
};

/** Statuses in the search attribute; those between are in the current details. */
const isSearched = (status: OrderStatus): boolean =>
  isEnding(status) || ['awaiting_payment', 'confirmed'].includes(status);

/** Takes over a status that an activity has already recorded. */
export const moved = (state: OrderState, status: OrderStatus): void => {
  if (state.status !== status && isSearched(status)) {
    upsertSearchAttributes([{ key: ORDER_STATUS, value: status }]);
  }
  state.status = status;
  updateDetails(state);
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

/** Shows in Temporal whether a step waits for a person, and why. */
export const showAttentions = (state: OrderState): void => {
  upsertSearchAttributes([{ key: NEEDS_ATTENTION, value: state.waiting.length > 0 }]);
  updateDetails(state);
};

export const endIfCancelled = ({ cancelRequested }: OrderState): void => {
  if (cancelRequested) throw cancelled();
};

/** Sends a mail without waiting for it; a mail that fails for a day is dropped. */
export const mail = (
  state: OrderState,
  kind: NotificationKind,
  about: Pick<NotifyInput, 'about' | 'amountMinor' | 'awaits' | 'pollMs'> = {},
): void =>
  void state.beside.push(
    (about.awaits ? laterNotifications : notifications)
      .notifyShopper({ ...state.order, kind, ...about })
      .catch(() => undefined),
  );
