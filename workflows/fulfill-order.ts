// The story of an order, from checkout to doorstep.
import { allHandlersFinished, condition } from '@temporalio/workflow';
import type { OrderStatus } from '../domain/order.ts';
import type { FulfillOrderInput } from './fulfill-order.contract.ts';
import { paymentsWithin, paymentUndo, stock, stockUndo } from './hands.ts';
import { book, deliver } from './order/delivering.ts';
import { persist } from './order/mending.ts';
import { HOLD_MARGIN_MS, untilAuthorized } from './order/paying.ts';
import { answerQuestions } from './order/questions.ts';
import {
  beginStory,
  doing,
  endIfCancelled,
  endingOf,
  mail,
  moved,
  moveTo,
  type OrderStory,
} from './order/story.ts';
import { createUndoStack, type UndoStack } from './order/undo-stack.ts';

/** How long the money of a claimed order is tried before a person is asked. */
const CAPTURE_PATIENCE_MS = 15 * 60_000;

export async function fulfillOrder(input: FulfillOrderInput): Promise<OrderStatus> {
  const story = beginStory(input);
  const undo = createUndoStack();
  answerQuestions(story);
  try {
    await pay(story, input, undo);
    mail(story, 'confirmed');
    await book(story, undo);
  } catch (error) {
    const { ending, reason } = endingOf(error);
    doing(story, `undoing: ${reason.code}`);
    await persist(story, { reason: 'UNDO_FAILED', work: () => undo.run() });
    await moveTo(story, ending, reason);
    if (ending === 'cancelled') mail(story, 'cancelled');
    return finish(story);
  }
  await deliver(story, input);
  return finish(story);
}

/** Stock held, payment authorised, stock claimed, money taken: or nothing of it. */
async function pay(story: OrderStory, input: FulfillOrderInput, undo: UndoStack): Promise<void> {
  const { order } = story;
  const holdMs = input.paymentWindowMs + HOLD_MARGIN_MS;
  doing(story, 'holding the stock');
  undo.add(() => stockUndo.returnStock(order));
  await stock.reserveStock({ ...order, demand: input.demand, holdMs });
  doing(story, 'authorising the payment');
  undo.add(() => paymentUndo.returnPayment(order));
  await untilAuthorized(story, input);
  endIfCancelled(story);
  doing(story, 'claiming the stock');
  const endings = ['RESERVATION_ENDED', 'NOT_FOUND', 'CARD_DECLINED'];
  const claim = () => stock.claimStock(order);
  const reasons = { OUT_OF_STOCK: 'STOCK_LOST' } as const;
  await persist(story, { reason: 'STOCK_STEP_FAILED', reasons, endings, work: claim });
  doing(story, 'taking the money');
  const capture = () => paymentsWithin(CAPTURE_PATIENCE_MS).capturePayment(order);
  await persist(story, { reason: 'PAYMENT_STEP_FAILED', endings, work: capture });
  if (story.isSecond) moved(story, 'confirmed');
  else await moveTo(story, 'confirmed');
  endIfCancelled(story);
}

/** Whoever waits gets an answer, and every mail its day, before the story closes. */
async function finish(story: OrderStory): Promise<OrderStatus> {
  doing(story, story.status);
  await Promise.all(story.mails);
  await condition(allHandlersFinished);
  return story.status;
}
