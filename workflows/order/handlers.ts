// Handles the updates, signals and query of an order's workflow, and validates them.
import { condition, setHandler, type ApplicationFailure } from '@temporalio/workflow';
import { ADDRESS_CHANGES_MAX, CARDS_MAX } from '../../domain/history-limits.ts';
import { isCancellable, isDecided, isEnding, type OrderStatus } from '../../domain/order.ts';
import {
  cancelOrder,
  changeAddress,
  paymentChanged,
  placeOrder,
  providePayment,
} from '../fulfill-order.contract.ts';
import { records } from '../activity-proxies.ts';
import { illegal, onUpdate, setAttendingHandlers } from './repairs.ts';
import type { OrderState } from './state.ts';

/** Cards that wait to be tried; more at once means card testing. */
const CARDS_WAITING_MAX = 3;

const tooLate = (status: OrderStatus): ApplicationFailure =>
  illegal(`an order that is ${status} cannot be cancelled`);

/** Returns at once: the ending is in the order's record, whatever step has to end before. */
const setCancelHandler = (state: OrderState): void =>
  onUpdate(
    cancelOrder,
    () => {
      state.cancelRequested = true;
      return state.status;
    },
    () => {
      if (!isCancellable(state.status)) throw tooLate(state.status);
    },
  );

const setAddressHandler = (state: OrderState): void =>
  onUpdate(
    changeAddress,
    async (address) => {
      state.changing++;
      state.addressesTaken++;
      try {
        await records.changeAddress({ ...state.order, address });
      } finally {
        state.changing--;
      }
    },
    () => {
      if (isEnding(state.status) || state.isBooking) {
        throw illegal('the address cannot be changed any more');
      }
      if (state.addressesTaken >= ADDRESS_CHANGES_MAX) {
        throw illegal(`an address is changed at most ${ADDRESS_CHANGES_MAX} times`);
      }
    },
  );

/** Waits until the card is tried: the payment is decided, or the shopper must act again. */
const setPaymentHandler = (state: OrderState): void =>
  onUpdate(
    providePayment,
    async ({ paymentMethod }) => {
      state.cards.push(paymentMethod);
      state.cardsTaken++;
      state.changes++;
      const tries = state.tries + state.cards.length;
      const isTried = () => state.tries >= tries && state.isWaiting;
      await condition(() => isDecided(state.status) || isTried());
      return state.status;
    },
    () => {
      if (isDecided(state.status)) throw illegal(`an order that is ${state.status} is decided`);
      if (state.cardsTaken >= CARDS_MAX) {
        throw illegal(`an order takes at most ${CARDS_MAX} cards`);
      }
      if (state.cards.length >= CARDS_WAITING_MAX) throw illegal('other cards are being tried');
    },
  );

export const setHandlers = (state: OrderState): void => {
  setAttendingHandlers(state);
  setHandler(paymentChanged, () => void state.changes++);
  onUpdate(placeOrder, async () => {
    await condition(() => isDecided(state.status) || state.status === 'awaiting_payment');
    return state.status;
  });
  setCancelHandler(state);
  setAddressHandler(state);
  setPaymentHandler(state);
};
