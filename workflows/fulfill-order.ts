// Fulfils an order, from checkout to delivery.
import { allHandlersFinished, condition } from '@temporalio/workflow';
import type { OrderStatus } from '../domain/order.ts';
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

export async function fulfillOrder(input: FulfillOrderInput): Promise<OrderStatus> {
  const state = initialState(input);
  const undo = createUndoStack();
  setHandlers(state);
  try {
    await pay(state, input, undo);
    mail(state, 'confirmed');
    await book(state, undo);
  } catch (error) {
    const { ending, reason } = endingOf(error);
    showStep(state, `undoing: ${reason.code}`);
    await persist(state, { reason: 'UNDO_FAILED', work: () => undo.run() });
    await moveTo(state, ending, reason);
    if (ending === 'cancelled') mail(state, 'cancelled');
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
  await persist(state, { reason: 'STOCK_STEP_FAILED', reasons, endings, work: claim });
  showStep(state, 'capturing the payment');
  const capture = () => paymentsWithin(CAPTURE_PATIENCE_MS).capturePayment(order);
  await persist(state, { reason: 'PAYMENT_STEP_FAILED', endings, work: capture });
  if (state.isSecond) moved(state, 'confirmed');
  else await moveTo(state, 'confirmed');
  endIfCancelled(state);
}

/** Every waiting update is answered and every due mail is sent before the workflow closes. */
async function finish(state: OrderState): Promise<OrderStatus> {
  showStep(state, state.status);
  await Promise.all(state.mails);
  await condition(allHandlersFinished);
  return state.status;
}
