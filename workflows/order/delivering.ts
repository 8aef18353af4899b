// Books an order's parcels and follows them to delivery or another end.
import { CancellationScope, condition, continueAsNew, isCancellation } from '@temporalio/workflow';
import type { RepairAction } from '../../domain/attention.ts';
import type { DeliveryOutcome, UnitsAt } from '../../domain/parcels.ts';
import { PARCEL_LOOKS } from '../../domain/looks.ts';
import type { FulfillOrderInput } from '../fulfill-order.contract.ts';
import { fulfillment, looks, paymentUndo, refunds, stockUndo } from '../activity-proxies.ts';
import { lookAtOnce, untilKnown, type Looks } from './looking.ts';
import { attend, persist, Resolved } from './persist.ts';
import { refusalIn } from './refusals.ts';
import { beside, showStep } from './attending.ts';
import { cancelled } from './endings.ts';
import { mail, moved, moveTo, type OrderState } from './state.ts';
import { registerUndo } from './undo.ts';

const SHIPMENT_FAILED = 'SHIPMENT_STEP_FAILED';
const ENDS = { delivered: 'delivered', lost: 'lost', returned_to_sender: 'returned' } as const;

/** The address cannot change from here on; a cancellation is still possible until it is booked. */
export async function book(state: OrderState): Promise<void> {
  await condition(() => state.changing === 0);
  showStep(state, 'booking the parcel');
  registerUndo(state, 'parcels');
  await persist(state, {
    name: 'booking the parcel',
    reason: SHIPMENT_FAILED,
    isCancellable: true,
    isAddressed: true,
    work: () => bookOnce(state),
  });
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

async function ship(state: OrderState, input: FulfillOrderInput): Promise<void> {
  showStep(state, 'on its way');
  const following = follow(state, input);
  if (state.hasLeft && !input.resume) {
    lookAtOnce(state);
    await beside(state, askAboutLeft(state, following));
  }
  await arrive(state, await following);
}

/** The activity that sees the parcels on their way records it. */
async function look(state: OrderState): Promise<DeliveryOutcome | undefined> {
  const { isShipped, outcome } = await looks.lookAtShipment(state.order);
  if (isShipped && state.status !== 'shipped') {
    moved(state, 'shipped');
    mail(state, state.hasLeft ? 'left' : 'shipped');
  }
  return outcome;
}

const follow = (state: OrderState, input: FulfillOrderInput) =>
  persist(state, {
    name: 'following the parcel',
    reason: SHIPMENT_FAILED,
    isResolvable: true,
    work: () =>
      untilKnown(state, {
        schedule: PARCEL_LOOKS,
        firstMs: input.carrierPollMs,
        look: () => look(state),
        continueAsNew: (looks) => resumeAsNew(state, input, looks),
      }),
    skipped: async (): Promise<DeliveryOutcome> => {
      await recordShipped(state);
      await moveTo(state, 'delivered');
      return { end: 'delivered', undeliveredMinor: 0, returned: [] };
    },
  });

/** Parcels that take long are followed by new runs: nothing but the wait is left to do. */
const resumeAsNew = (
  { status, hasLeft, isReturn }: OrderState,
  input: FulfillOrderInput,
  looks: Looks,
): Promise<never> => continueAsNew({ ...input, resume: { status, hasLeft, isReturn, looks } });

/** An operator decides about the parcel of a cancelled order, as long as it is on its way. */
async function askAboutLeft(state: OrderState, following: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = (): void => void (isOver = true);
  void following.then(end, end);
  const actions: RepairAction[] = ['intercept', 'let_arrive', 'treat_as_return'];
  const question = { step: 'the parcel has left', reason: 'PARCEL_LEFT' as const, actions };
  const { action } = (await attend(state, question, () => isOver)) ?? {};
  state.isReturn = action === 'treat_as_return';
  if (action !== 'intercept') return;
  const work = () => fulfillment.interceptShipment(state.order);
  await persist(state, { name: 'intercepting the parcel', reason: SHIPMENT_FAILED, skipped, work });
}

const skipped = (): Promise<void> => Promise.resolve();

/** Ends the order by its parcels' ends. */
async function arrive(state: OrderState, outcome: DeliveryOutcome): Promise<void> {
  const { end, undeliveredMinor, returned } = outcome;
  if (end !== 'delivered') return conclude(state, end, returned);
  moved(state, 'delivered');
  mail(state, 'delivered');
  await Promise.all([refundUndelivered(state, undeliveredMinor), restock(state, returned)]);
  if (state.isReturn) await openReturn(state);
}

/** The shopper sends back what an operator decided to treat as a return. */
async function openReturn(state: OrderState): Promise<void> {
  const work = () => fulfillment.openReturn(state.order);
  await persist(state, { name: 'opening the return', reason: SHIPMENT_FAILED, skipped, work });
}

/** Puts on hand again what came back of an order of which not everything did. */
async function restock(state: OrderState, units: UnitsAt[]): Promise<void> {
  if (units.length === 0) return;
  const { order } = state;
  const work = () => stockUndo.restockUnits({ ...order, receiptId: order.orderId, units });
  await persist(state, { name: 'restocking', reason: 'UNDO_FAILED', work });
}

/** A refund that is refused or pending has its mail when it succeeds. */
async function refundUndelivered(state: OrderState, amountMinor: number): Promise<void> {
  if (amountMinor === 0) return;
  const id = `${state.order.orderId}/undelivered`;
  const reason = 'a part of the order did not arrive';
  const wanted = { id, amountMinor, isOwed: true, reason };
  const work = async () => {
    const grantedMinor = await refunds.requestRefund({ ...state.order, ...wanted });
    const isMade = grantedMinor > 0 && (await refunds.settleRefund({ id })) === 'succeeded';
    return isMade ? grantedMinor : 0;
  };
  const step = { name: 'refunding a part', reason: 'REFUND_FAILED' as const, work };
  const refundedMinor = await persist(state, step);
  if (refundedMinor > 0) mail(state, 'refunded', { about: id, amountMinor: refundedMinor });
}

/** Nothing arrived: the money goes back, and returned units are put on hand again. */
async function conclude(
  state: OrderState,
  end: 'lost' | 'returned',
  returned: UnitsAt[],
): Promise<void> {
  const { order } = state;
  showStep(state, `refunding: the parcel was ${end}`);
  const refund = () => paymentUndo.returnPayment({ ...order, reason: `the parcel was ${end}` });
  await Promise.all([
    persist(state, { name: 'refunding', reason: 'REFUND_FAILED', work: refund }),
    end === 'returned' ? unclaim(state) : restock(state, returned),
  ]);
  const ending = end === 'lost' ? 'lost' : 'returned_to_sender';
  await moveTo(state, ending);
  mail(state, ending);
}

/** All units came back: the claim as a whole is reversed. */
const unclaim = (state: OrderState): Promise<void> => {
  const work = () => stockUndo.returnStock(state.order);
  return persist(state, { name: 'restocking', reason: 'UNDO_FAILED', work });
};
