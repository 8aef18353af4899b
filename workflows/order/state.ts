// The state of an order's story: where it is, what was asked of it, how it moves and tells.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { NotificationKind, NotifyInput } from '../../activities/notifications.ts';
import type { AttentionReason } from '../../domain/attention.ts';
import { isEnding, type OrderEndReason, type OrderStatus } from '../../domain/order.ts';
import {
  NEEDS_ATTENTION,
  ORDER_STATUS,
  type FulfillOrderInput,
  type Repair,
} from '../fulfill-order.contract.ts';
import { laterNotifications, notifications, records } from '../activity-proxies.ts';
import { ranOutOfTime, refusalIn } from './refusals.ts';

const EXPIRED = { code: 'PAYMENT_WINDOW_OVER', message: 'the order was not paid in time' };
const CANCELLED = { code: 'SHOPPER_CANCELLED', message: 'the order was cancelled' };

/** An ending that is no delivery; thrown where it becomes clear, answered in one place. */
export class Ended extends Error {
  constructor(
    readonly ending: OrderStatus,
    readonly reason: OrderEndReason,
  ) {
    super(ending);
  }
}

export const expired = (): Ended => new Ended('expired', EXPIRED);
export const cancelled = (): Ended => new Ended('cancelled', CANCELLED);

/** What a failed step means for the order; undefined when it means no ending that is known. */
export const endingIn = (error: unknown): Ended | undefined => {
  if (error instanceof Ended) return error;
  const refusal = refusalIn(error);
  if (refusal) return new Ended('rejected', refusal);
  return ranOutOfTime(error) ? expired() : undefined;
};

/**
 * As `endingIn`, for what must be an ending. An unknown failure is none: as a plain error it
 * halts the task, and the order goes on from there once a fix is deployed.
 */
export const endingOf = (error: unknown): Ended => {
  const ended = endingIn(error);
  if (ended) return ended;
  throw new Error('a step failed in a way the story does not know', { cause: error });
};

export interface OrderState {
  order: { orderId: string; storeId: string };
  /** False for stories begun before attention, parcels and another card were known. */
  isSecond: boolean;
  status: OrderStatus;
  step: string;
  /** Rises with each "look again". */
  changes: number;
  cancelRequested: boolean;
  /** From the moment the parcel is being booked its address stays. */
  isBooking: boolean;
  /** Changes of address that are being written. */
  changing: number;
  /** Cards that the shopper has brought and that are not tried yet. */
  cards: string[];
  /** True while the next step is the shopper's. */
  isWaiting: boolean;
  /** For which try the shopper was last written to. */
  mailedTries: number;
  /** How often a card was confirmed. */
  tries: number;
  /** When the order stops waiting for the shopper, in ms since 1970. */
  deadlineMs: number;
  attention: AttentionReason | undefined;
  /** Whether the step that waits for a person may be gone past. */
  canSkip: boolean;
  repair: Repair | undefined;
  mails: Promise<void>[];
}

export const initialState = (input: FulfillOrderInput): OrderState => ({
  order: { orderId: input.orderId, storeId: input.storeId },
  isSecond: (input.version ?? 1) >= 2,
  status: 'accepted',
  step: 'beginning',
  changes: 0,
  cancelRequested: false,
  isBooking: false,
  changing: 0,
  cards: [],
  isWaiting: false,
  mailedTries: 0,
  tries: 1,
  deadlineMs: Date.now() + input.paymentWindowMs,
  attention: undefined,
  canSkip: false,
  repair: undefined,
  mails: [],
});

const updateDetails = ({ status, step, attention }: OrderState): void =>
  setCurrentDetails(`**${status}**: ${step}${attention ? ` — needs a person: ${attention}` : ''}`);

export const doing = (state: OrderState, step: string): void => {
  state.step = step;
  updateDetails(state);
};

/** Moves that operators look for; the steps between are in the current details. */
const isSearched = (status: OrderStatus): boolean =>
  isEnding(status) || ['awaiting_payment', 'confirmed'].includes(status);

/** Takes over a move that an activity has already recorded. */
export const moved = (state: OrderState, status: OrderStatus): void => {
  if (state.isSecond && state.status !== status && isSearched(status)) {
    upsertSearchAttributes([{ key: ORDER_STATUS, value: status }]);
  }
  state.status = status;
  updateDetails(state);
};

/** Records a move and then makes it. */
export const moveTo = async (
  state: OrderState,
  status: OrderStatus,
  reason?: OrderEndReason,
): Promise<void> => {
  await records.moveOrder({ ...state.order, status, ...(reason && { reason }) });
  moved(state, status);
};

/** Says that a person is needed, or no longer; the record first, then what can be searched. */
export const need = async (state: OrderState, reason: AttentionReason | undefined) => {
  if (reason) await records.raiseAttention({ ...state.order, reason });
  else await records.clearAttention(state.order);
  state.attention = reason;
  upsertSearchAttributes([{ key: NEEDS_ATTENTION, value: reason !== undefined }]);
  updateDetails(state);
};

export const endIfCancelled = ({ cancelRequested }: OrderState): void => {
  if (cancelRequested) throw cancelled();
};

/** Sends beside the story; a mail that could not be sent in a day is given up. */
export const mail = (
  state: OrderState,
  kind: NotificationKind,
  about: Pick<NotifyInput, 'about' | 'amountMinor' | 'awaits' | 'pollMs'> = {},
): void =>
  void state.mails.push(
    (about.awaits ? laterNotifications : notifications)
      .notifyShopper({ ...state.order, kind, ...about })
      .catch(() => undefined),
  );
