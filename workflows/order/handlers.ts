// Handles the updates, signals and query of an order's workflow, and validates them.
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { isCancellable, isDecided, isEnding, type OrderStatus } from '../../domain/order.ts';
import {
  cancelOrder,
  changeAddress,
  formerRepairOrder,
  repairOrder,
  orderProgress,
  paymentChanged,
  placeOrder,
  providePayment,
  type Repair,
} from '../fulfill-order.contract.ts';
import { records } from '../activity-proxies.ts';
import type { OrderState } from './state.ts';

/** Cards that wait to be tried; more at once means card testing. */
const CARDS_WAITING_MAX = 3;

const illegal = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'ILLEGAL_TRANSITION', message, nonRetryable: true });

const tooLate = (status: OrderStatus): ApplicationFailure =>
  illegal(`an order that is ${status} cannot be cancelled`);

const setCancelHandler = (state: OrderState): void =>
  setHandler(
    cancelOrder,
    async () => {
      state.cancelRequested = true;
      await condition(() => isEnding(state.status) || !isCancellable(state.status));
      if (state.status !== 'cancelled') throw tooLate(state.status);
      return state.status;
    },
    {
      validator: () => {
        if (!isCancellable(state.status)) throw tooLate(state.status);
      },
    },
  );

const setAddressHandler = (state: OrderState): void =>
  setHandler(
    changeAddress,
    async (address) => {
      state.changing++;
      try {
        await records.changeAddress({ ...state.order, address });
      } finally {
        state.changing--;
      }
    },
    {
      validator: (_address) => {
        if (isEnding(state.status) || state.isBooking) {
          throw illegal('the address cannot be changed any more');
        }
      },
    },
  );

/** Waits until the card is tried: the payment is decided, or the shopper must act again. */
const setPaymentHandler = (state: OrderState): void =>
  setHandler(
    providePayment,
    async ({ paymentMethod }) => {
      state.cards.push(paymentMethod);
      state.changes++;
      const tries = state.tries + state.cards.length;
      const isTried = () => state.tries >= tries && state.isWaiting;
      await condition(() => isDecided(state.status) || isTried());
      return state.status;
    },
    {
      validator: (_card) => {
        if (isDecided(state.status)) throw illegal(`an order that is ${state.status} is decided`);
        if (state.cards.length >= CARDS_WAITING_MAX) throw illegal('other cards are being tried');
      },
    },
  );

const assertRepairable = (state: OrderState, { action, ending }: Repair): void => {
  const { attention } = state;
  if (!attention) throw illegal('the order does not wait for a person');
  if (action === 'skip' && !state.canSkip) {
    throw illegal(`a step of ${attention} cannot be skipped`);
  }
  if (action === 'cancel' && !isCancellable(state.status)) throw tooLate(state.status);
  const isOnItsWay = state.status === 'packing' || state.status === 'shipped';
  if (action === 'resolve' && (!isOnItsWay || !ending)) {
    throw illegal('only a parcel under way is resolved, with an ending');
  }
};

const setRepairHandler = (state: OrderState): void => {
  const decide = async (repair: Repair): Promise<OrderStatus> => {
    state.repair = repair;
    await condition(() => state.repair !== repair);
    return state.status;
  };
  const validator = (repair: Repair): void => assertRepairable(state, repair);
  for (const update of [repairOrder, formerRepairOrder]) setHandler(update, decide, { validator });
};

export const setHandlers = (state: OrderState): void => {
  setHandler(orderProgress, () => ({
    status: state.status,
    step: state.step,
    ...(state.attention && { attention: state.attention }),
  }));
  setHandler(paymentChanged, () => void state.changes++);
  setHandler(placeOrder, async () => {
    const needsShopper = () => state.isSecond && state.status === 'awaiting_payment';
    await condition(() => isDecided(state.status) || needsShopper());
    return state.status;
  });
  setCancelHandler(state);
  setAddressHandler(state);
  setPaymentHandler(state);
  setRepairHandler(state);
};
