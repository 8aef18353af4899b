// Books an order's parcels and follows them to delivery or another end.
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { DeliveryOutcome, UnitsAt } from '../../domain/parcels.ts';
import type { FulfillOrderInput } from '../fulfill-order.contract.ts';
import { fulfillment, paymentUndo, refunds, shipmentUndo, stockUndo } from '../activity-proxies.ts';
import { persist, Resolved } from './persist.ts';
import { refusalIn } from './refusals.ts';
import { cancelled, showStep, mail, moved, moveTo, type OrderState } from './state.ts';
import type { UndoStack } from './undo-stack.ts';

const SHIPMENT_FAILED = 'SHIPMENT_STEP_FAILED';
const ENDS = { delivered: 'delivered', lost: 'lost', returned_to_sender: 'returned' } as const;

/** The address cannot change from here on; a cancellation is still possible until it is booked. */
export async function book(state: OrderState, undo: UndoStack): Promise<void> {
  await condition(() => state.changing === 0);
  showStep(state, 'booking the parcel');
  undo.add(() => shipmentUndo.cancelShipment(state.order));
  const work = () => bookOnce(state);
  await persist(state, { reason: SHIPMENT_FAILED, isCancellable: true, work });
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
    if (isCancellation(error) || state.cancelRequested) throw cancelled();
    throw error;
  }
}

/** Follows the parcels to the doorstep. The activity that sees a milestone records it. */
export async function deliver(state: OrderState, input: FulfillOrderInput): Promise<void> {
  try {
    await ship(state, input);
  } catch (error) {
    if (!(error instanceof Resolved)) throw error;
    const ending = (await recordShipped(state)) === 'delivered' ? 'delivered' : error.ending;
    if (ending === 'delivered') await moveTo(state, 'delivered');
    await arrive(state, { end: ENDS[ending], undeliveredMinor: 0, returned: [] });
  }
}

/**
 * Records that the parcels are on their way, and returns what the record says then: the carrier may
 * have said that they arrived, and the response of the activity that recorded it was lost.
 */
async function recordShipped(state: OrderState): Promise<'shipped' | 'delivered'> {
  try {
    await moveTo(state, 'shipped');
    return 'shipped';
  } catch (error) {
    if (refusalIn(error)?.code !== 'ILLEGAL_TRANSITION') throw error;
    return 'delivered';
  }
}

async function ship(state: OrderState, { carrierPollMs: pollMs }: FulfillOrderInput) {
  const { order } = state;
  const skipped = async (): Promise<DeliveryOutcome> => {
    await recordShipped(state);
    await moveTo(state, 'delivered');
    return { end: 'delivered', undeliveredMinor: 0, returned: [] };
  };
  // The activity that sees the parcels on their way records it, and the mail awaits that status.
  mail(state, 'shipped', { awaits: 'shipped', pollMs });
  showStep(state, 'on its way');
  const outcome = await persist(state, {
    reason: SHIPMENT_FAILED,
    isResolvable: true,
    work: () => fulfillment.followShipment({ ...order, pollMs }),
    skipped,
  });
  await arrive(state, outcome);
}

/** Ends the order by its parcels' ends. */
async function arrive(state: OrderState, outcome: DeliveryOutcome): Promise<void> {
  const { end, undeliveredMinor, returned } = outcome;
  if (end !== 'delivered') return conclude(state, end, returned);
  moved(state, 'delivered');
  mail(state, 'delivered');
  if (undeliveredMinor > 0) await refundUndelivered(state, undeliveredMinor);
  await restock(state, returned);
}

/** Puts on hand again what came back of an order of which not everything did. */
async function restock(state: OrderState, units: UnitsAt[]): Promise<void> {
  if (units.length === 0) return;
  const { order } = state;
  const work = () => stockUndo.restockUnits({ ...order, receiptId: order.orderId, units });
  await persist(state, { reason: 'UNDO_FAILED', work });
}

/** A refund that the bank refused has raised an attention; its mail comes with the next one. */
async function refundUndelivered(state: OrderState, amountMinor: number): Promise<void> {
  const id = `${state.order.orderId}/undelivered`;
  const reason = 'a part of the order did not arrive';
  const work = async () => {
    await refunds.requestRefund({ ...state.order, id, amountMinor, reason });
    return refunds.settleRefund({ id });
  };
  const outcome = await persist(state, { reason: 'REFUND_FAILED', work });
  if (outcome !== 'failed') mail(state, 'refunded', { about: id, amountMinor });
}

/** Nothing arrived: the refund comes first, then returned units are put on hand again. */
async function conclude(
  state: OrderState,
  end: 'lost' | 'returned',
  returned: UnitsAt[],
): Promise<void> {
  const { order } = state;
  showStep(state, `refunding: the parcel was ${end}`);
  const back = () => paymentUndo.returnPayment({ ...order, reason: `the parcel was ${end}` });
  await persist(state, { reason: 'REFUND_FAILED', work: back });
  await restock(state, returned);
  if (end === 'returned') {
    const restock = () => stockUndo.returnStock(order);
    await persist(state, { reason: 'UNDO_FAILED', work: restock });
  }
  const ending = end === 'lost' ? 'lost' : 'returned_to_sender';
  await moveTo(state, ending);
  mail(state, ending);
}
