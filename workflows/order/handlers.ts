// Handles the updates, signals and query of an order's workflow, and validates them.
import { ApplicationFailure, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import { ADDRESS_CHANGES_MAX, CARDS_MAX } from '../../domain/history-limits.ts';
import { isCancellable, isDecided, isEnding, type OrderStatus } from '../../domain/order.ts';
import {
  cancelOrder,
  changeAddress,
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

/** Handles an update whose steps and waits outlast Temporal's cancellation of the workflow. */
const onUpdate = <T, Args extends unknown[]>(
  update: UpdateDefinition<T, Args>,
  handle: (...args: NoInfer<Args>) => T | Promise<T>,
  validator: (...args: NoInfer<Args>) => void = () => undefined,
): void => {
  const shielded = (...args: Args) => CancellationScope.nonCancellable(async () => handle(...args));
  setHandler<T, Args, UpdateDefinition<T, Args>>(update, shielded, { validator });
};

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

/** The step whose attention a repair is about. ILLEGAL_TRANSITION when it cannot take it. */
const stepOf = ({ waiting }: OrderState, { attentionId, action, ending }: Repair) => {
  const step = waiting.find(({ id }) => id === attentionId);
  if (!step) throw illegal('no step of the order waits with this attention');
  if (!step.actions.includes(action)) {
    const known = step.actions.join(', ');
    throw illegal(`${action} does not help with ${step.reason}; what does is ${known}`);
  }
  if (step.repair) throw illegal(`${step.repair.action} is being done about it`);
  if (action === 'resolve' && !ending) throw illegal('a parcel is resolved with its ending');
  return step;
};

const setRepairHandler = (state: OrderState): void =>
  onUpdate(
    repairOrder,
    async (repair) => {
      const step = stepOf(state, repair);
      step.repair = repair;
      await condition(() => !state.waiting.includes(step));
      return state.status;
    },
    (repair) => void stepOf(state, repair),
  );

export const setHandlers = (state: OrderState): void => {
  setHandler(orderProgress, () => ({
    status: state.status,
    step: state.step,
    attentions: state.waiting.map(({ step, reason }) => ({ step, reason })),
  }));
  setHandler(paymentChanged, () => void state.changes++);
  onUpdate(placeOrder, async () => {
    await condition(() => isDecided(state.status) || state.status === 'awaiting_payment');
    return state.status;
  });
  setCancelHandler(state);
  setAddressHandler(state);
  setPaymentHandler(state);
  setRepairHandler(state);
};
