// The state of an order's story: where it is, what was asked of it, how it moves and tells.
import { ApplicationFailure, condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { NotificationKind } from '../activities/notifications.ts';
import { isDecided, isEnding, ORDER_MOVES, type OrderEndReason } from '../domain/order.ts';
import type { OrderStatus } from '../domain/order.ts';
import {
  cancelOrder,
  orderProgress,
  paymentChanged,
  placeOrder,
} from './fulfill-order.contract.ts';
import type { FulfillOrderInput } from './fulfill-order.contract.ts';
import { notifications, records } from './hands.ts';
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

/**
 * What a failed step means for the order. An unknown failure is no ending: as a plain error it
 * halts the task, and the order goes on from there once a fix is deployed.
 */
export const endingOf = (error: unknown): Ended => {
  if (error instanceof Ended) return error;
  const refusal = refusalIn(error);
  if (refusal) return new Ended('rejected', refusal);
  if (ranOutOfTime(error)) return expired();
  throw new Error('a step failed in a way the story does not know', { cause: error });
};

export interface OrderStory {
  order: { orderId: string; storeId: string };
  status: OrderStatus;
  step: string;
  /** Rises with each "look again". */
  news: number;
  cancelAsked: boolean;
  mails: Promise<void>[];
}

export const beginStory = ({ orderId, storeId }: FulfillOrderInput): OrderStory => ({
  order: { orderId, storeId },
  status: 'accepted',
  step: 'beginning',
  news: 0,
  cancelAsked: false,
  mails: [],
});

const tooLate = (status: OrderStatus): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'ILLEGAL_TRANSITION',
    message: `an order that is ${status} cannot be cancelled`,
    nonRetryable: true,
  });

const isCancellable = ({ status }: OrderStory): boolean =>
  ORDER_MOVES[status].includes('cancelled');

/** What may be asked of the story while it runs. */
export const answerQuestions = (story: OrderStory): void => {
  setHandler(orderProgress, () => ({ status: story.status, step: story.step }));
  setHandler(paymentChanged, () => void story.news++);
  setHandler(placeOrder, async () => {
    await condition(() => isDecided(story.status));
    return story.status;
  });
  setHandler(
    cancelOrder,
    async () => {
      story.cancelAsked = true;
      await condition(() => isEnding(story.status) || !isCancellable(story));
      if (story.status !== 'cancelled') throw tooLate(story.status);
      return story.status;
    },
    {
      validator: () => {
        if (!isCancellable(story)) throw tooLate(story.status);
      },
    },
  );
};

const tell = (story: OrderStory): void => setCurrentDetails(`**${story.status}**: ${story.step}`);

export const doing = (story: OrderStory, step: string): void => {
  story.step = step;
  tell(story);
};

/** Takes over a move that an activity has already recorded. */
export const moved = (story: OrderStory, status: OrderStatus): void => {
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

export const endIfCancelled = ({ cancelAsked }: OrderStory): void => {
  if (cancelAsked) throw new Ended('cancelled', CANCELLED);
};

/** Sends beside the story; a mail that could not be sent in a day is given up. */
export const mail = (story: OrderStory, kind: NotificationKind): void =>
  void story.mails.push(
    notifications.notifyShopper({ ...story.order, kind }).catch(() => undefined),
  );
