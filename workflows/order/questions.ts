// What may be asked of an order's story while it runs, and what is refused.
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { isCancellable, isDecided, isEnding, type OrderStatus } from '../../domain/order.ts';
import {
  cancelOrder,
  changeAddress,
  mendOrder,
  orderProgress,
  paymentChanged,
  placeOrder,
  providePayment,
  type Mending,
} from '../fulfill-order.contract.ts';
import { records } from '../hands.ts';
import type { OrderStory } from './story.ts';

/** Cards that wait to be tried; more at once than these are somebody testing cards. */
const CARDS_WAITING_MAX = 3;

const illegal = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'ILLEGAL_TRANSITION', message, nonRetryable: true });

const tooLate = (status: OrderStatus): ApplicationFailure =>
  illegal(`an order that is ${status} cannot be cancelled`);

const answerCancel = (story: OrderStory): void =>
  setHandler(
    cancelOrder,
    async () => {
      story.cancelAsked = true;
      await condition(() => isEnding(story.status) || !isCancellable(story.status));
      if (story.status !== 'cancelled') throw tooLate(story.status);
      return story.status;
    },
    {
      validator: () => {
        if (!isCancellable(story.status)) throw tooLate(story.status);
      },
    },
  );

const answerAddress = (story: OrderStory): void =>
  setHandler(
    changeAddress,
    async (address) => {
      story.changing++;
      try {
        await records.changeAddress({ ...story.order, address });
      } finally {
        story.changing--;
      }
    },
    {
      validator: (_address) => {
        if (isEnding(story.status) || story.isBooking) {
          throw illegal('the address cannot be changed any more');
        }
      },
    },
  );

/** Waits until the card is tried: paid, ended, or the shopper is needed once more. */
const answerPayment = (story: OrderStory): void =>
  setHandler(
    providePayment,
    async ({ paymentMethod }) => {
      story.cards.push(paymentMethod);
      story.news++;
      const tries = story.tries + story.cards.length;
      const isTried = () => story.tries >= tries && story.isWaiting;
      await condition(() => isDecided(story.status) || isTried());
      return story.status;
    },
    {
      validator: (_card) => {
        if (isDecided(story.status)) throw illegal(`an order that is ${story.status} is decided`);
        if (story.cards.length >= CARDS_WAITING_MAX) throw illegal('other cards are being tried');
      },
    },
  );

const assertMendable = (story: OrderStory, { action, ending }: Mending): void => {
  const { attention } = story;
  if (!attention) throw illegal('the order does not wait for a person');
  if (action === 'skip' && !story.canSkip) {
    throw illegal(`a step of ${attention} cannot be skipped`);
  }
  if (action === 'cancel' && !isCancellable(story.status)) throw tooLate(story.status);
  const isOnItsWay = story.status === 'packing' || story.status === 'shipped';
  if (action === 'resolve' && (!isOnItsWay || !ending)) {
    throw illegal('only a parcel under way is resolved, by saying what became of it');
  }
};

const answerMending = (story: OrderStory): void =>
  setHandler(
    mendOrder,
    async (mending) => {
      story.mending = mending;
      await condition(() => story.mending !== mending);
      return story.status;
    },
    { validator: (mending) => assertMendable(story, mending) },
  );

export const answerQuestions = (story: OrderStory): void => {
  setHandler(orderProgress, () => ({
    status: story.status,
    step: story.step,
    ...(story.attention && { attention: story.attention }),
  }));
  setHandler(paymentChanged, () => void story.news++);
  setHandler(placeOrder, async () => {
    const asksShopper = () => story.isSecond && story.status === 'awaiting_payment';
    await condition(() => isDecided(story.status) || asksShopper());
    return story.status;
  });
  answerCancel(story);
  answerAddress(story);
  answerPayment(story);
  answerMending(story);
};
