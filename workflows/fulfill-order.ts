// Fulfils an order, from checkout to delivery.
import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { isCancellable, type OrderStatus } from '../domain/order.ts';
import type { FulfillOrderInput } from './fulfill-order.contract.ts';
import { paymentsWithin, paymentUndo, stock, stockUndo } from './activity-proxies.ts';
import { book, deliver } from './order/delivering.ts';
import { persist } from './order/persist.ts';
import { HOLD_MARGIN_MS, untilAuthorized } from './order/paying.ts';
import { setHandlers } from './order/handlers.ts';
import {
  initialState,
  showStep,
  endIfCancelled,
  endingOf,
  mail,
  moved,
  moveTo,
  type OrderState,
} from './order/state.ts';
import { createUndoStack, type UndoStack } from './order/undo-stack.ts';

/** How long the capture of a claimed order is retried before an attention is raised. */
const CAPTURE_PATIENCE_MS = 15 * 60_000;

/**
 * Temporal's own cancellation is an operator's: while the order can be cancelled it ends so, later
 * it changes nothing. No step is interrupted by it.
 */
export function fulfillOrder(input: FulfillOrderInput): Promise<OrderStatus> {
  const state = initialState(input);
  setHandlers(state);
  CancellationScope.current().cancelRequested.catch(() => {
    if (isCancellable(state.status)) state.cancelRequested = true;
  });
  return CancellationScope.nonCancellable(() => run(state, input));
}

async function run(state: OrderState, input: FulfillOrderInput): Promise<OrderStatus> {
  const undo = createUndoStack();
  try {
    await pay(state, input, undo);
    mail(state, 'confirmed');
    await book(state, undo);
  } catch (error) {
    const { ending, reason } = endingOf(error);
    showStep(state, `undoing: ${reason.code}`);
    await persist(state, { reason: 'UNDO_FAILED', work: () => undo.run() });
    await moveTo(state, ending, reason);
    mail(state, ending);
    return finish(state);
  }
  await deliver(state, input);
  return finish(state);
}

/** Holds the stock, authorises the payment, claims the stock and captures, or undoes all of it. */
async function pay(state: OrderState, input: FulfillOrderInput, undo: UndoStack): Promise<void> {
  const { order } = state;
  const holdMs = input.paymentWindowMs + HOLD_MARGIN_MS;
  showStep(state, 'holding the stock');
  undo.add(() => stockUndo.returnStock(order));
  await stock.reserveStock({ ...order, demand: input.demand, holdMs });
  showStep(state, 'authorising the payment');
  undo.add(() => paymentUndo.returnPayment(order));
  await untilAuthorized(state, input);
  endIfCancelled(state);
  showStep(state, 'claiming the stock');
  const endings = ['RESERVATION_ENDED', 'NOT_FOUND', 'CARD_DECLINED'];
  const claim = () => stock.claimStock(order);
  const reasons = { OUT_OF_STOCK: 'STOCK_LOST' } as const;
  const beforeBooking = { endings, isCancellable: true };
  await persist(state, { ...beforeBooking, reason: 'STOCK_STEP_FAILED', reasons, work: claim });
  showStep(state, 'capturing the payment');
  const capture = () => paymentsWithin(CAPTURE_PATIENCE_MS).capturePayment(order);
  await persist(state, { ...beforeBooking, reason: 'PAYMENT_STEP_FAILED', work: capture });
  moved(state, 'confirmed');
  endIfCancelled(state);
}

/** Every waiting update is answered and every due mail is sent before the workflow closes. */
async function finish(state: OrderState): Promise<OrderStatus> {
  showStep(state, state.status);
  await Promise.all(state.mails);
  await condition(allHandlersFinished);
  return state.status;
}
