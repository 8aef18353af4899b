// A model of what an order's activities do: stock, money, parcels, the record and the mails.
import { assertMove, isEnding, type OrderStatus } from '../../../domain/order.ts';
import type { WorkflowTimings } from '../../../workflows/fulfill-order.contract.ts';
import {
  brokenBy,
  meanwhile,
  RECORD,
  repairIn,
  stepsThatWait,
  type Activity as ActivityOf,
  type Attended,
  type Meanwhile,
  type Message,
  type Model,
} from '../model.ts';

const TOTAL_MINOR = 2_000;
const PART_MINOR = 500;

export const ORDER = {
  orderId: 'ord_1',
  storeId: 'sto_1',
  demand: [{ sku: 'A', quantity: 1 }],
};

export interface World extends Attended {
  status: OrderStatus;
  stock: 'none' | 'held' | 'claimed' | 'returned';
  intent: 'none' | 'open' | 'authorized' | 'captured' | 'voided';
  refundedMinor: number;
  parcel: 'none' | 'booked' | 'cancelled' | 'shipped' | 'delivered' | 'lost' | 'returned';
  /** What the carrier has said of the parcels. */
  end: 'delivered' | 'part' | 'part back' | 'lost' | 'some back' | 'returned' | undefined;
  /** Units that came back one by one are on hand again. */
  isRestocked: boolean;
  /** The parcel had left when it was to be voided. */
  hasLeft: boolean;
  isReturnOpen: boolean;
  /** What the bank has refused to give back; an operator gives it back on its attention. */
  owedMinor: number;
}

const newWorld = (): World => ({
  status: 'accepted',
  attentions: new Map(),
  stock: 'none',
  intent: 'none',
  refundedMinor: 0,
  parcel: 'none',
  end: undefined,
  isRestocked: false,
  hasLeft: false,
  isReturnOpen: false,
  broken: [],
  owedMinor: 0,
  mails: [],
});

type Activity = ActivityOf<World>;

const move = (world: World, status: OrderStatus): void => {
  if (world.status === status) return;
  assertMove(world.status, status);
  world.status = status;
};

const giveBack = (world: World): void => {
  if (world.intent === 'captured') world.refundedMinor = TOTAL_MINOR;
  else if (world.intent !== 'none') world.intent = 'voided';
};

const isPaid = ({ intent }: World): boolean => intent === 'authorized' || intent === 'captured';

const STOCK: Record<string, Activity> = {
  reserveStock: {
    isDone: ({ stock }) => stock === 'held',
    apply: (world) => {
      if (world.stock === 'none') world.stock = 'held';
    },
  },
  extendHold: { apply: () => undefined },
  claimStock: {
    isDone: ({ stock }) => stock === 'claimed',
    apply: (world) => {
      if (world.stock === 'held') world.stock = 'claimed';
    },
  },
  returnStock: {
    apply: (world) => {
      if (['booked', 'shipped', 'delivered'].includes(world.parcel)) {
        world.broken.push(`units are on hand again while their parcel is ${world.parcel}`);
      }
      if (world.stock !== 'none') world.stock = 'returned';
    },
  },
};

const PAYMENT: Record<string, Activity> = {
  authorizePayment: {
    results: [
      'authorized',
      'action_required',
      'processing',
      'declined',
      'retried',
      'kept',
      'challenged',
    ],
    isDone: isPaid,
    apply: (world, _input, result) => {
      if (isPaid(world)) return { state: 'authorized' };
      if (result === 'authorized') {
        world.intent = 'authorized';
        return { state: 'authorized' };
      }
      world.intent = 'open';
      move(world, 'awaiting_payment');
      if (result === 'challenged')
        return { state: 'action_required', untilMs: Date.now() + 240_000 };
      if (result === 'kept') return { state: 'declined', untilMs: Date.now() + 180_000 };
      if (result === 'retried') return { state: 'declined', retryAfterMs: 60_000 };
      return { state: result };
    },
  },
  capturePayment: {
    isDone: ({ intent }) => intent === 'captured',
    apply: (world) => {
      world.intent = 'captured';
      if (world.status === 'accepted' || world.status === 'awaiting_payment') {
        world.status = 'confirmed';
      }
    },
  },
  returnPayment: { apply: giveBack },
  requestRefund: {
    apply: () => PART_MINOR,
  },
  settleRefund: {
    results: ['succeeded', 'failed', 'pending'],
    apply: (world, _input, result) => {
      if (result === 'failed') world.owedMinor = PART_MINOR;
      else world.refundedMinor = PART_MINOR;
      return result;
    },
  },
};

const BACK = { sku: 'A', quantity: 1, location: 'annex' };

/** What the carrier may say before it has brought the parcel to an end. */
const UNDER_WAY = ['not sent', 'on its way'];

const PARCELS: Record<string, Activity> = {
  restockUnits: {
    apply: (world) => {
      world.isRestocked = true;
    },
  },
  bookShipment: {
    isDone: ({ parcel }) => parcel === 'booked',
    apply: (world) => {
      if (world.parcel === 'none') world.parcel = 'booked';
      if (world.status === 'confirmed') world.status = 'packing';
    },
  },
  voidShipment: {
    results: ['voided', 'left'],
    apply: (world, _input, result) => {
      // What was voided stays so, and so does what has left.
      if (world.parcel === 'booked') world.parcel = result === 'left' ? 'shipped' : 'cancelled';
      world.hasLeft = world.parcel === 'shipped';
      return world.hasLeft ? 'left' : 'voided';
    },
  },
  interceptShipment: { apply: () => undefined },
  openReturn: {
    apply: (world) => {
      if (world.status !== 'delivered') world.broken.push(`a return of what is ${world.status}`);
      world.isReturnOpen = true;
    },
  },
  lookAtShipment: {
    results: ['delivered', 'part', 'part back', 'lost', 'some back', 'returned', ...UNDER_WAY],
    apply: (world, _input, result) => {
      if (world.end === undefined && result === 'not sent') {
        return { isShipped: world.parcel !== 'booked' };
      }
      if (world.status === 'packing') world.status = 'shipped';
      if (world.parcel === 'booked') world.parcel = 'shipped';
      if (world.end === undefined && result === 'on its way') return { isShipped: true };
      // What has become of the parcels does not change any more.
      world.end ??= result as World['end'] & string;
      const isPart = world.end === 'part' || world.end === 'part back';
      const end = isPart ? 'delivered' : world.end === 'some back' ? 'lost' : world.end;
      world.parcel = end as World['parcel'];
      if (end === 'delivered') move(world, 'delivered');
      const returned = world.end?.endsWith('back') ? [BACK] : [];
      const outcome = { end, undeliveredMinor: isPart ? PART_MINOR : 0, returned };
      return { isShipped: true, outcome };
    },
  },
};

const OWN_RECORD: Record<string, Activity> = {
  ...RECORD,
  moveOrder: {
    isSure: true,
    apply: (world, { status }) => move(world, status as OrderStatus),
  },
  noteCancelRequested: { isSure: true, apply: () => undefined },
  noteCancelTooLate: { isSure: true, apply: () => undefined },
  changeAddress: { isSure: true, apply: () => undefined },
};

const ACTIVITIES: Record<string, Activity> = {
  ...STOCK,
  ...PAYMENT,
  ...PARCELS,
  ...OWN_RECORD,
};

const UNSENT: readonly OrderStatus[] = ['cancelled', 'expired', 'rejected'];
/** What each ending's mail says. */
const MAILS: Partial<Record<OrderStatus, string>> = {
  delivered: 'delivered',
  cancelled: 'cancelled',
  expired: 'expired',
  rejected: 'rejected',
  lost: 'lost',
  returned_to_sender: 'returned_to_sender',
};

/**
 * What must be undone already while these steps wait for a person and no time is left: what does
 * not depend on them.
 */
const brokenWhileWaiting = (world: World): string[] => {
  const steps = [...world.attentions.values()].map(({ step }) => step);
  const isWaiting = (undo: string): boolean => steps.includes(`undo: ${undo}`);
  const isUndoing = ['stock', 'payment', 'parcels'].some(isWaiting);
  if (!isUndoing) return [];
  const broken: string[] = [];
  const isPaid = ['captured', 'authorized', 'open'].includes(world.intent) && keptOf(world) > 0;
  if (isPaid && !isWaiting('payment')) broken.push(`the money waits for ${steps.join(', ')}`);
  const isHeld = world.stock === 'held' || world.stock === 'claimed';
  if (isHeld && !isWaiting('stock') && !isWaiting('parcels')) {
    broken.push(`the units wait for ${steps.join(', ')}`);
  }
  return broken;
};

const keptOf = (world: World): number =>
  world.intent === 'captured' ? TOTAL_MINOR - world.refundedMinor : TOTAL_MINOR;

const keptMinor = ({ intent, refundedMinor }: World): number =>
  intent === 'captured' ? TOTAL_MINOR - refundedMinor : 0;

/** What an ending promises of money, stock and parcels; returns what is not so. */
const brokenOfEnding = (world: World): string[] => {
  const { status, stock, intent, parcel, owedMinor } = world;
  const kept = keptMinor(world);
  return brokenBy((must) => {
    if (UNSENT.includes(status)) {
      must(kept === 0, `${kept} kept of an order that is ${status}`);
      must(intent !== 'authorized' && intent !== 'open', `the payment is still ${intent}`);
      must(stock === 'none' || stock === 'returned', `stock is still ${stock}`);
      must(parcel === 'none' || parcel === 'cancelled', `the parcel is ${parcel}`);
    } else if (status === 'delivered') {
      must(intent === 'captured', 'delivered and not paid');
      must(stock === 'claimed', `delivered, and stock is ${stock}`);
      must(world.hasLeft || kept + owedMinor >= TOTAL_MINOR - PART_MINOR, `only ${kept} kept`);
    } else {
      must(kept === 0, `${kept} kept of a parcel that is ${status}`);
      must(status === 'lost' || stock === 'returned', `returned, and stock is ${stock}`);
    }
  });
};

/** Every promise about an order that has ended. */
const brokenOf = (world: World, returned: unknown): string[] => {
  const { status, attentions, mails, end } = world;
  if (!isEnding(status)) return [`the workflow ended with ${String(returned)} at ${status}`];
  const broken = brokenOfEnding(world);
  if (end?.endsWith('back') && !world.isRestocked) broken.push('what came back is not on hand');
  if (returned !== status) broken.push(`it returned ${String(returned)}, the record is ${status}`);
  const isRefused = [...attentions.values()].some(({ reason }) => reason === 'PAYMENT_REFUSED');
  if (isRefused && status !== 'rejected') broken.push(`refused, and ${status}`);
  for (const { step } of stepsThatWait(world)) broken.push(`ended while ${step} waits`);
  const endings = mails.filter((kind) => Object.values(MAILS).includes(kind));
  if (endings.join() !== MAILS[status]) broken.push(`mails of ${status}: ${endings.join()}`);
  return broken;
};

const TIMINGS: WorkflowTimings = {
  paymentWindowMs: 900_000,
  guestChallengeMs: 240_000,
  carrierPollMs: 200,
  voidPatienceMs: 600_000,
};

/** Anyone may send them at any time. */
const SENT: Record<string, Message> = {
  cancel: { to: 'cancelOrder', args: [] },
  "Temporal's cancellation": { to: 'cancellation', args: [] },
  'another card': { to: 'providePayment', args: [{ paymentMethod: 'pm_2' }] },
  'a payment event': { to: 'paymentChanged', args: [] },
  "a carrier's event": { to: 'lookAgain', args: [] },
};

/** The shopper acts while an activity runs. */
const CANCELLED = meanwhile('is cancelled', { to: 'cancelOrder', args: [] });
const REPLACED = meanwhile('has another card', {
  to: 'providePayment',
  args: [{ paymentMethod: 'pm_3' }],
});
const PAYING: Record<string, Meanwhile> = { ...CANCELLED, ...REPLACED };

/** An order that starts soon after it was accepted, or after a long outage. */
export const ORDER_MODEL: Model<World> = {
  activities: ACTIVITIES,
  newWorld,
  starts: {
    'at once': { ...ORDER, ...TIMINGS },
    late: { ...ORDER, ...TIMINGS, acceptedAtMs: 0 },
  },
  statusOf: ({ status }) => status,
  messages: () => SENT,
  meanwhile: (activity) => (activity === 'authorizePayment' ? PAYING : CANCELLED),
  taken: (world, message) => {
    // An operator who reports that the parcel came back has it.
    if (repairIn(message)?.ending === 'returned_to_sender') world.parcel = 'returned';
  },
  brokenWhileWaiting,
  broken: brokenOf,
};
