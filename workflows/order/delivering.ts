// Books an order's parcels and follows them to delivery or another end.
import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { DeliveryOutcome } from '../../domain/parcels.ts';
import type { FulfillOrderInput } from '../fulfill-order.contract.ts';
import { fulfillment, paymentUndo, refunds, shipmentUndo, stockUndo } from '../activity-proxies.ts';
import { persist, Resolved } from './persist.ts';
import { cancelled, showStep, mail, moved, moveTo, type OrderState } from './state.ts';
import type { UndoStack } from './undo-stack.ts';

const SHIPMENT_FAILED = 'SHIPMENT_STEP_FAILED';
const ENDS = { delivered: 'delivered', lost: 'lost', returned_to_sender: 'returned' } as const;

/** The address cannot change from here on; a cancellation is still possible until it is booked. */
export async function book(state: OrderState, undo: UndoStack): Promise<void> {
  await condition(() => state.changing === 0);
  showStep(state, 'booking the parcel');
  if (state.isSecond) undo.add(() => shipmentUndo.cancelShipment(state.order));
  await persist(state, { reason: SHIPMENT_FAILED, work: () => bookOnce(state) });
  moved(state, 'packing');
}

/** A refused booking lets the address change again. */
async function bookOnce(state: OrderState): Promise<void> {
  state.isBooking = true;
  try {
    await unlessCancelled(state, () => fulfillment.bookShipment(state.order));
  } catch (error) {
    state.isBooking = false;
    throw error;
  }
}

/**
 * Runs a step until it is done or cancelled.
 * An attempt that fails after the cancellation is not retried: the undo reads its effect by its
 * key.
 */
async function unlessCancelled(state: OrderState, work: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  void condition(() => state.cancelRequested).then(() => scope.cancel());
  try {
    await scope.run(work);
  } catch (error) {
    if (isCancellation(error)) throw cancelled();
    if (state.cancelRequested && patched('cancelled-in-flight')) throw cancelled();
    throw error;
  }
}

/** Follows the parcels to the doorstep. The activity that sees a milestone records it. */
export async function deliver(state: OrderState, input: FulfillOrderInput): Promise<void> {
  try {
    await ship(state, input);
  } catch (error) {
    if (!(error instanceof Resolved)) throw error;
    if (state.status === 'packing') await moveTo(state, 'shipped');
    if (error.ending === 'delivered') await moveTo(state, 'delivered');
    await arrive(state, { end: ENDS[error.ending], undeliveredMinor: 0 });
  }
}

async function ship(state: OrderState, { carrierPollMs: pollMs }: FulfillOrderInput) {
  const { order } = state;
  const follow = (until: 'shipped' | 'delivered') => () =>
    fulfillment.followShipment({ ...order, until, pollMs });
  const skipped = async (): Promise<DeliveryOutcome> => {
    // The order may be recorded as shipped, or further, already.
    await moveTo(state, 'shipped').catch(() => undefined);
    await moveTo(state, 'delivered');
    return { end: 'delivered', undeliveredMinor: 0 };
  };
  // The activity that sees the parcels on their way records it, and the mail awaits that status.
  if (state.isSecond) mail(state, 'shipped', { awaits: 'shipped', pollMs });
  else await untilShipped(state, follow('shipped'));
  showStep(state, 'on its way');
  const outcome = await persist(state, {
    reason: SHIPMENT_FAILED,
    work: follow('delivered'),
    skipped,
  });
  await arrive(state, outcome);
}

/** Older workflows record the shipment themselves. */
async function untilShipped(state: OrderState, follow: () => Promise<unknown>): Promise<void> {
  showStep(state, 'waiting for the carrier');
  await follow();
  moved(state, 'shipped');
  mail(state, 'shipped');
}

/** Ends the order by its parcels' ends; older workflows know only delivery. */
async function arrive(state: OrderState, outcome: DeliveryOutcome | undefined): Promise<void> {
  const { end, undeliveredMinor } = outcome ?? { end: 'delivered', undeliveredMinor: 0 };
  if (end !== 'delivered') return conclude(state, end);
  moved(state, 'delivered');
  mail(state, 'delivered');
  if (undeliveredMinor > 0) await refundUndelivered(state, undeliveredMinor);
}

async function refundUndelivered(state: OrderState, amountMinor: number): Promise<void> {
  const id = `${state.order.orderId}/undelivered`;
  const reason = 'a part of the order did not arrive';
  await refunds.requestRefund({ ...state.order, id, amountMinor, reason });
  await refunds.settleRefund({ id });
  mail(state, 'refunded', { about: id, amountMinor });
}

/** Nothing arrived: the refund comes first, then returned units are put on hand again. */
async function conclude(state: OrderState, end: 'lost' | 'returned'): Promise<void> {
  const { order } = state;
  showStep(state, `refunding: the parcel was ${end}`);
  const back = () => paymentUndo.returnPayment({ ...order, reason: `the parcel was ${end}` });
  await persist(state, { reason: 'REFUND_FAILED', work: back });
  if (end === 'returned') {
    const restock = () => stockUndo.returnStock(order);
    await persist(state, { reason: 'UNDO_FAILED', work: restock });
  }
  await moveTo(state, end === 'lost' ? 'lost' : 'returned_to_sender');
  mail(state, 'cancelled');
}
