// The story of an order, from checkout to doorstep.
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { NotificationKind } from '../activities/notifications.ts';
import { isDecided, isEnding, ORDER_MOVES, type OrderEndReason } from '../domain/order.ts';
import type { OrderStatus } from '../domain/order.ts';
import {
  cancelOrder,
  orderProgress,
  paymentChanged,
  placeOrder,
  type FulfillOrderInput,
} from './fulfill-order.contract.ts';
import {
  fulfillment,
  notifications,
  payments,
  paymentUndo,
  records,
  stock,
  stockUndo,
} from './hands.ts';
import { ranOutOfTime, refusalIn } from './refusals.ts';
import { createUndoStack } from './undo-stack.ts';

/** Stock is held this much longer than the shopper may take to pay. */
const HOLD_MARGIN_MS = 60_000;

const EXPIRED = { code: 'PAYMENT_WINDOW_OVER', message: 'the order was not paid in time' };
const CANCELLED = { code: 'SHOPPER_CANCELLED', message: 'the order was cancelled' };

class Ended extends Error {
  constructor(
    readonly ending: OrderStatus,
    readonly reason: OrderEndReason,
  ) {
    super(ending);
  }
}

export async function fulfillOrder(input: FulfillOrderInput): Promise<OrderStatus> {
  const { orderId, storeId, demand, paymentWindowMs, carrierPollMs } = input;
  const order = { orderId, storeId };
  const undo = createUndoStack();
  const mails: Promise<void>[] = [];
  let status: OrderStatus = 'accepted';
  let step = 'beginning';
  let news = 0;
  let cancelAsked = false;

  setHandler(orderProgress, () => ({ status, step }));
  setHandler(paymentChanged, () => void news++);
  setHandler(placeOrder, async () => {
    await condition(() => isDecided(status));
    return status;
  });
  setHandler(
    cancelOrder,
    async () => {
      cancelAsked = true;
      await condition(() => isEnding(status) || !ORDER_MOVES[status].includes('cancelled'));
      if (status !== 'cancelled') throw tooLate(status);
      return status;
    },
    { validator: () => assertCancellable(status) },
  );

  try {
    doing('holding the stock');
    undo.add(() => stockUndo.returnStock(order));
    await stock.reserveStock({ ...order, demand, holdMs: paymentWindowMs + HOLD_MARGIN_MS });
    await untilAuthorized();
    endIfCancelled();
    doing('claiming the stock');
    await stock.claimStock(order);
    doing('taking the money');
    await payments.capturePayment(order);
    await moveTo('confirmed');
    endIfCancelled();
  } catch (error) {
    return giveUp(endOf(error));
  }
  mail('confirmed');
  doing('booking the parcel');
  await fulfillment.bookShipment(order);
  status = 'packing';
  doing('waiting for the carrier');
  await fulfillment.followShipment({ ...order, until: 'shipped', pollMs: carrierPollMs });
  status = 'shipped';
  mail('shipped');
  doing('on its way');
  await fulfillment.followShipment({ ...order, until: 'delivered', pollMs: carrierPollMs });
  status = 'delivered';
  mail('delivered');
  doing('delivered');
  return finish();

  /** Authorises at once, or waits for the shopper as long as the stock is held. */
  async function untilAuthorized(): Promise<void> {
    const deadline = Date.now() + paymentWindowMs;
    doing('authorising the payment');
    undo.add(() => paymentUndo.returnPayment(order));
    for (;;) {
      const seen = news;
      const { state } = await payments.authorizePayment(order);
      if (state === 'authorized') return;
      if (status !== 'awaiting_payment') await moveTo('awaiting_payment');
      doing('waiting for the shopper to confirm the payment');
      const isWoken = () => news > seen || cancelAsked;
      if (!(await condition(isWoken, deadline - Date.now()))) throw new Ended('expired', EXPIRED);
      endIfCancelled();
    }
  }

  async function moveTo(next: OrderStatus, reason?: OrderEndReason): Promise<void> {
    await records.moveOrder({ ...order, status: next, ...(reason && { reason }) });
    status = next;
    setCurrentDetails(`**${status}**: ${step}`);
  }

  async function giveUp({ ending, reason }: Ended): Promise<OrderStatus> {
    doing(`undoing: ${reason.code}`);
    await undo.run();
    await moveTo(ending, reason);
    if (ending === 'cancelled') mail('cancelled');
    return finish();
  }

  /** Whoever waits gets an answer, and every mail its day, before the story closes. */
  async function finish(): Promise<OrderStatus> {
    await Promise.all(mails);
    await condition(allHandlersFinished);
    return status;
  }

  function mail(kind: NotificationKind): void {
    // A mail that could not be sent in a day is given up; the order goes on regardless.
    mails.push(notifications.notifyShopper({ ...order, kind }).catch(() => undefined));
  }

  function doing(what: string): void {
    step = what;
    setCurrentDetails(`**${status}**: ${step}`);
  }

  function endIfCancelled(): void {
    if (cancelAsked) throw new Ended('cancelled', CANCELLED);
  }
}

/**
 * What a failed step means for the order. An unknown failure is no ending: as a plain error it
 * halts the task, and the order goes on from there once a fix is deployed.
 */
const endOf = (error: unknown): Ended => {
  if (error instanceof Ended) return error;
  const refusal = refusalIn(error);
  if (refusal) return new Ended('rejected', refusal);
  if (ranOutOfTime(error)) return new Ended('expired', EXPIRED);
  throw new Error('a step failed in a way the story does not know', { cause: error });
};

const tooLate = (status: OrderStatus): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'ILLEGAL_TRANSITION',
    message: `an order that is ${status} cannot be cancelled`,
    nonRetryable: true,
  });

const assertCancellable = (status: OrderStatus): void => {
  if (!ORDER_MOVES[status].includes('cancelled')) throw tooLate(status);
};
