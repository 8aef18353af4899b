// The story of an order, from checkout to doorstep.
import { allHandlersFinished, condition } from '@temporalio/workflow';
import type { OrderStatus } from '../domain/order.ts';
import type { FulfillOrderInput } from './fulfill-order.contract.ts';
import { fulfillment, payments, paymentUndo, stock, stockUndo } from './hands.ts';
import {
  answerQuestions,
  beginStory,
  doing,
  endIfCancelled,
  endingOf,
  expired,
  mail,
  moved,
  moveTo,
  type OrderStory,
} from './order-story.ts';
import { createUndoStack, type UndoStack } from './undo-stack.ts';

/** Stock is held this much longer than the shopper may take to pay. */
const HOLD_MARGIN_MS = 60_000;

export async function fulfillOrder(input: FulfillOrderInput): Promise<OrderStatus> {
  const story = beginStory(input);
  const undo = createUndoStack();
  answerQuestions(story);
  try {
    await pay(story, input, undo);
  } catch (error) {
    const { ending, reason } = endingOf(error);
    doing(story, `undoing: ${reason.code}`);
    await undo.run();
    await moveTo(story, ending, reason);
    if (ending === 'cancelled') mail(story, 'cancelled');
    return finish(story);
  }
  mail(story, 'confirmed');
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
  await untilAuthorized(story, Date.now() + input.paymentWindowMs);
  endIfCancelled(story);
  doing(story, 'claiming the stock');
  await stock.claimStock(order);
  doing(story, 'taking the money');
  await payments.capturePayment(order);
  await moveTo(story, 'confirmed');
  endIfCancelled(story);
}

/** Authorises at once, or waits for the shopper as long as the stock is held. */
async function untilAuthorized(story: OrderStory, deadline: number): Promise<void> {
  for (;;) {
    const seen = story.news;
    const { state } = await payments.authorizePayment(story.order);
    if (state === 'authorized') return;
    if (story.status !== 'awaiting_payment') await moveTo(story, 'awaiting_payment');
    doing(story, 'waiting for the shopper to confirm the payment');
    const isWoken = () => story.news > seen || story.cancelAsked;
    if (!(await condition(isWoken, deadline - Date.now()))) throw expired();
    endIfCancelled(story);
  }
}

/** The parcel, from booking to the doorstep; each milestone is recorded by who sees it. */
async function deliver(story: OrderStory, { carrierPollMs: pollMs }: FulfillOrderInput) {
  const { order } = story;
  doing(story, 'booking the parcel');
  await fulfillment.bookShipment(order);
  moved(story, 'packing');
  doing(story, 'waiting for the carrier');
  await fulfillment.followShipment({ ...order, until: 'shipped', pollMs });
  moved(story, 'shipped');
  mail(story, 'shipped');
  doing(story, 'on its way');
  await fulfillment.followShipment({ ...order, until: 'delivered', pollMs });
  moved(story, 'delivered');
  mail(story, 'delivered');
}

/** Whoever waits gets an answer, and every mail its day, before the story closes. */
async function finish(story: OrderStory): Promise<OrderStatus> {
  doing(story, story.status);
  await Promise.all(story.mails);
  await condition(allHandlersFinished);
  return story.status;
}
