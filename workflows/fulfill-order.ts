// Fulfils an order, from checkout to delivery.
import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { isCancellable, type OrderStatus } from '../domain/order.ts';
import type { FulfillOrderInput } from './fulfill-order.contract.ts';
import { paymentsWithin, records, stock } from './activity-proxies.ts';
import { book, deliver } from './order/delivering.ts';
import { persist } from './order/persist.ts';
import { HOLD_MARGIN_MS, untilAuthorized } from './order/paying.ts';
import { setHandlers } from './order/handlers.ts';
import { providerTextIn, refusalIn } from './order/refusals.ts';
import { showStep } from './order/attending.ts';
import { endIfCancelled, endingOf } from './order/endings.ts';
import { initialState, mail, moved, moveTo, type OrderState } from './order/state.ts';
import { registerUndo, undoAll } from './order/undo.ts';

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
    else state.beside.push(noteTooLate(state));
  });
  return CancellationScope.nonCancellable(() => run(state, input));
}

const noteTooLate = ({ order, status }: OrderState): Promise<void> =>
  CancellationScope.nonCancellable(() => records.noteCancelTooLate({ ...order, status }));

async function run(state: OrderState, input: FulfillOrderInput): Promise<OrderStatus> {
  if (!input.resume) {
    const isUndone = await sendOrUndo(state, input);
    if (isUndone) return finish(state);
  }
  await deliver(state, input);
  return finish(state);
}

/** Pays and books the order; true when it has ended and all was undone. */
async function sendOrUndo(state: OrderState, input: FulfillOrderInput): Promise<boolean> {
  try {
    await pay(state, input);
    mail(state, 'confirmed');
    await book(state);
  } catch (error) {
    const { ending, reason } = endingOf(error);
    if ((await undoAll(state, reason.code)) === 'left') return false;
    await showOwnFault(state, error);
    await moveTo(state, ending, reason);
    mail(state, ending);
    return true;
  }
  return false;
}

/** The order ends, and what the provider said stays for an operator until it is dismissed. */
async function showOwnFault({ order }: OrderState, error: unknown): Promise<void> {
  if (refusalIn(error)?.code !== 'PAYMENT_REFUSED') return;
  const detail = providerTextIn(error) ?? 'no text';
  const question = { step: 'paying', reason: 'PAYMENT_REFUSED' as const, detail };
  await records.raiseAttention({ ...order, ...question, actions: ['dismiss'] });
}

/** Holds the stock, authorises the payment, claims the stock and captures. */
async function pay(state: OrderState, input: FulfillOrderInput): Promise<void> {
  const { order } = state;
  const holdMs = input.paymentWindowMs + HOLD_MARGIN_MS;
  showStep(state, 'holding the stock');
  registerUndo(state, 'stock');
  await stock.reserveStock({ ...order, demand: input.demand, holdMs });
  showStep(state, 'authorising the payment');
  registerUndo(state, 'payment');
  await untilAuthorized(state, input);
  endIfCancelled(state);
  showStep(state, 'claiming the stock');
  const endings = ['RESERVATION_ENDED', 'NOT_FOUND', 'CARD_DECLINED'];
  const beforeBooking = { endings, isCancellable: true };
  await persist(state, {
    ...beforeBooking,
    name: 'claiming the stock',
    reason: 'STOCK_STEP_FAILED',
    reasons: { OUT_OF_STOCK: 'STOCK_LOST' },
    work: () => stock.claimStock(order),
  });
  showStep(state, 'capturing the payment');
  await persist(state, {
    ...beforeBooking,
    name: 'capturing the payment',
    reason: 'PAYMENT_STEP_FAILED',
    work: () => paymentsWithin(CAPTURE_PATIENCE_MS).capturePayment(order),
  });
  moved(state, 'confirmed');
  endIfCancelled(state);
}

/** Every waiting update is answered and every due mail is sent before the workflow closes. */
async function finish(state: OrderState): Promise<OrderStatus> {
  showStep(state, state.status);
  await Promise.all(state.beside);
  await condition(allHandlersFinished);
  return state.status;
}
