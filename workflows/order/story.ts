// The state of an order's story: where it is, what was asked of it, how it moves and tells.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { NotificationKind, NotifyAsk } from '../../activities/notifications.ts';
import type { AttentionReason } from '../../domain/attention.ts';
import { isEnding, type OrderEndReason, type OrderStatus } from '../../domain/order.ts';
import {
  NEEDS_ATTENTION,
  ORDER_STATUS,
  type FulfillOrderInput,
  type Mending,
} from '../fulfill-order.contract.ts';
import { laterNotifications, notifications, records } from '../hands.ts';
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

export interface OrderStory {
  order: { orderId: string; storeId: string };
  /** False for stories begun before attention, parcels and another card were known. */
  isSecond: boolean;
  status: OrderStatus;
  step: string;
  /** Rises with each "look again". */
  news: number;
  cancelAsked: boolean;
  /** From the moment the parcel is being booked its address stays. */
  isBooking: boolean;
  /** Changes of address that are being written. */
  changing: number;
  /** Cards that the shopper has brought and that are not tried yet. */
  cards: string[];
  /** True while the next step is the shopper's. */
  isWaiting: boolean;
  /** For which try the shopper was last written to. */
  asked: number;
  /** How often a card was confirmed. */
  tries: number;
  /** When the order stops waiting for the shopper, in ms since 1970. */
  deadlineMs: number;
  attention: AttentionReason | undefined;
  /** Whether the step that waits for a person may be gone past. */
  canSkip: boolean;
  mending: Mending | undefined;
  mails: Promise<void>[];
}

export const beginStory = (input: FulfillOrderInput): OrderStory => ({
  order: { orderId: input.orderId, storeId: input.storeId },
  isSecond: (input.version ?? 1) >= 2,
  status: 'accepted',
  step: 'beginning',
  news: 0,
  cancelAsked: false,
  isBooking: false,
  changing: 0,
  cards: [],
  isWaiting: false,
  asked: 0,
  tries: 1,
  deadlineMs: Date.now() + input.paymentWindowMs,
  attention: undefined,
  canSkip: false,
  mending: undefined,
  mails: [],
});

const tell = ({ status, step, attention }: OrderStory): void =>
  setCurrentDetails(`**${status}**: ${step}${attention ? ` — needs a person: ${attention}` : ''}`);

export const doing = (story: OrderStory, step: string): void => {
  story.step = step;
  tell(story);
};

/** Moves that operators look for; the steps between are in the current details. */
const isSearched = (status: OrderStatus): boolean =>
  isEnding(status) || ['awaiting_payment', 'confirmed'].includes(status);

/** Takes over a move that an activity has already recorded. */
export const moved = (story: OrderStory, status: OrderStatus): void => {
  if (story.isSecond && story.status !== status && isSearched(status)) {
    upsertSearchAttributes([{ key: ORDER_STATUS, value: status }]);
  }
  story.status = status;
  tell(story);
};

/** Records a move and then makes it. */
export const moveTo = async (
  story: OrderStory,
  status: OrderStatus,
  reason?: OrderEndReason,
): Promise<void> => {
  await records.moveOrder({ ...story.order, status, ...(reason && { reason }) });
  moved(story, status);
};

/** Says that a person is needed, or no longer; the record first, then what can be searched. */
export const need = async (story: OrderStory, reason: AttentionReason | undefined) => {
  if (reason) await records.raiseAttention({ ...story.order, reason });
  else await records.clearAttention(story.order);
  story.attention = reason;
  upsertSearchAttributes([{ key: NEEDS_ATTENTION, value: reason !== undefined }]);
  tell(story);
};

export const endIfCancelled = ({ cancelAsked }: OrderStory): void => {
  if (cancelAsked) throw cancelled();
};

/** Sends beside the story; a mail that could not be sent in a day is given up. */
export const mail = (
  story: OrderStory,
  kind: NotificationKind,
  about: Pick<NotifyAsk, 'about' | 'amountMinor' | 'awaits' | 'pollMs'> = {},
): void =>
  void story.mails.push(
    (about.awaits ? laterNotifications : notifications)
      .notifyShopper({ ...story.order, kind, ...about })
      .catch(() => undefined),
  );
