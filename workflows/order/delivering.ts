// Delivering, as the story tells it: booked, shipped, and what becomes of the parcels.
import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { DeliveryOutcome } from '../../domain/parcels.ts';
import type { FulfillOrderInput } from '../fulfill-order.contract.ts';
import { fulfillment, paymentUndo, refunds, shipmentUndo, stockUndo } from '../hands.ts';
import { persist, Resolved } from './mending.ts';
import { cancelled, doing, mail, moved, moveTo, type OrderStory } from './story.ts';
import type { UndoStack } from './undo-stack.ts';

const SHIPMENT_FAILED = 'SHIPMENT_STEP_FAILED';
const ENDS = { delivered: 'delivered', lost: 'lost', returned_to_sender: 'returned' } as const;

/** From here on the address stays; a shopper who cancels while the carrier is away still can. */
export async function book(story: OrderStory, undo: UndoStack): Promise<void> {
  await condition(() => story.changing === 0);
  doing(story, 'booking the parcel');
  if (story.isSecond) undo.add(() => shipmentUndo.cancelShipment(story.order));
  await persist(story, { reason: SHIPMENT_FAILED, work: () => bookOnce(story) });
  moved(story, 'packing');
}

/** A booking that was refused lets the address change again. */
async function bookOnce(story: OrderStory): Promise<void> {
  story.isBooking = true;
  try {
    await unlessCancelled(story, () => fulfillment.bookShipment(story.order));
  } catch (error) {
    story.isBooking = false;
    throw error;
  }
}

/**
 * Runs a step until it is done, or until it is cancelled. A try that was under way when the cancel
 * came and failed is not repeated by the server: undoing finds out by its key what it did.
 */
async function unlessCancelled(story: OrderStory, work: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  void condition(() => story.cancelAsked).then(() => scope.cancel());
  try {
    await scope.run(work);
  } catch (error) {
    if (isCancellation(error)) throw cancelled();
    if (story.cancelAsked && patched('cancelled-in-flight')) throw cancelled();
    throw error;
  }
}

/** The parcels, from the warehouse to the doorstep; each milestone is recorded by who sees it. */
export async function deliver(story: OrderStory, input: FulfillOrderInput): Promise<void> {
  try {
    await ship(story, input);
  } catch (error) {
    if (!(error instanceof Resolved)) throw error;
    if (story.status === 'packing') await moveTo(story, 'shipped');
    if (error.ending === 'delivered') await moveTo(story, 'delivered');
    await arrive(story, { end: ENDS[error.ending], undeliveredMinor: 0 });
  }
}

async function ship(story: OrderStory, { carrierPollMs: pollMs }: FulfillOrderInput) {
  const { order } = story;
  const follow = (until: 'shipped' | 'delivered') => () =>
    fulfillment.followShipment({ ...order, until, pollMs });
  const skipped = async (): Promise<DeliveryOutcome> => {
    // The record may be there already, or beyond.
    await moveTo(story, 'shipped').catch(() => undefined);
    await moveTo(story, 'delivered');
    return { end: 'delivered', undeliveredMinor: 0 };
  };
  // Where the parcels are on their way is written by who sees it, and the mail of it waits there.
  if (story.isSecond) mail(story, 'shipped', { awaits: 'shipped', pollMs });
  else await untilShipped(story, follow('shipped'));
  doing(story, 'on its way');
  const outcome = await persist(story, {
    reason: SHIPMENT_FAILED,
    work: follow('delivered'),
    skipped,
  });
  await arrive(story, outcome);
}

/** Older stories see the parcel leave themselves. */
async function untilShipped(story: OrderStory, follow: () => Promise<unknown>): Promise<void> {
  doing(story, 'waiting for the carrier');
  await follow();
  moved(story, 'shipped');
  mail(story, 'shipped');
}

/** What becomes of the order where its parcels have ended; older stories know only delivery. */
async function arrive(story: OrderStory, outcome: DeliveryOutcome | undefined): Promise<void> {
  const { end, undeliveredMinor } = outcome ?? { end: 'delivered', undeliveredMinor: 0 };
  if (end !== 'delivered') return conclude(story, end);
  moved(story, 'delivered');
  mail(story, 'delivered');
  if (undeliveredMinor > 0) await refundUndelivered(story, undeliveredMinor);
}

async function refundUndelivered(story: OrderStory, amountMinor: number): Promise<void> {
  const id = `${story.order.orderId}/undelivered`;
  const reason = 'a part of the order did not arrive';
  await refunds.requestRefund({ ...story.order, id, amountMinor, reason });
  await refunds.settleRefund({ id });
  mail(story, 'refunded', { about: id, amountMinor });
}

/** Nothing arrived: the money goes back first, then what came back is for sale again. */
async function conclude(story: OrderStory, end: 'lost' | 'returned'): Promise<void> {
  const { order } = story;
  doing(story, `giving the money back: the parcel was ${end}`);
  const back = () => paymentUndo.returnPayment({ ...order, reason: `the parcel was ${end}` });
  await persist(story, { reason: 'REFUND_FAILED', work: back });
  if (end === 'returned') {
    const restock = () => stockUndo.returnStock(order);
    await persist(story, { reason: 'UNDO_FAILED', work: restock });
  }
  await moveTo(story, end === 'lost' ? 'lost' : 'returned_to_sender');
  mail(story, 'cancelled');
}
