// The shoppers of a workload: how each kind of them buys, and what each does after its checkout.
import { asShopper, newEmail, newName, placeOrder, type Ware } from '../support/journeys.ts';
import { authenticate } from '../support/judges.ts';
import type { Shop } from '../support/shop.ts';
import { carrierFault } from '../support/stuck-orders.ts';
import { persistently } from './at-rest.ts';
import { claimAll, sendBack } from './claims/claiming.ts';
import { lookInto } from './look-into.ts';
import { parcelsOf, sendTo, SLOW } from './parcels.ts';

export type Kind =
  | 'pays'
  | 'declined'
  | 'authenticates'
  | 'abandons'
  | 'cancels'
  | 'anotherCard'
  | 'lost'
  | 'returns'
  /** Buys what costs nothing. */
  | 'free'
  /** Cancels what is paid; its parcel, if there is one, stays on its way. */
  | 'cancelsPaid'
  /** As `cancelsPaid`, with its units at two locations. */
  | 'cancelsSplit'
  /** The carrier refuses its parcel. */
  | 'refused'
  /** Its units are at two locations, and one of its parcels is lost. */
  | 'partLost'
  /** Its units are at two locations, and one of its parcels comes back. */
  | 'partBack'
  /** Its bank disputes what it has paid: `claims.ts`. */
  | 'disputes'
  /** A dispute overtakes a refund of it. */
  | 'overtaken'
  /** Gets a goodwill refund, and may return units as well. */
  | 'goodwill'
  /** A person inspects what it returns. */
  | 'inspected'
  /** Pays while there is stock. */
  | 'races';
export type Kinds = Partial<Record<Kind, number>>;

/** The kinds of shoppers, with their shares in percent. */
export const KINDS: Kinds = {
  pays: 38,
  declined: 12,
  authenticates: 12,
  cancels: 10,
  anotherCard: 8,
  lost: 8,
  returns: 8,
  free: 4,
};

const CARDS: Partial<Record<Kind, string>> = {
  declined: 'pm_card_visa_chargeDeclined',
  authenticates: 'pm_card_authenticationRequired',
  abandons: 'pm_card_authenticationRequired',
  cancels: 'pm_card_authenticationRequired',
  anotherCard: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  free: '',
};

/** Kinds whose units are at two locations. */
const SPLIT: readonly Kind[] = ['cancelsSplit', 'partLost', 'partBack'];
export const isSplit = (kind: Kind): boolean => SPLIT.includes(kind);

const POSTAL_CODES: Partial<Record<Kind, string>> = {
  lost: 'LOST 00',
  cancelsPaid: SLOW,
  cancelsSplit: SLOW,
  partLost: SLOW,
  partBack: SLOW,
};

/** A shopper who returns something bought two units, and keeps one. */
const QUANTITIES: Partial<Record<Kind, number>> = {
  returns: 2,
  cancelsSplit: 4,
  partLost: 4,
  partBack: 4,
  disputes: 2,
  overtaken: 2,
  goodwill: 2,
  inspected: 3,
};
export const quantityOf = (kind: Kind): number => QUANTITIES[kind] ?? 1;

/** More bookings than the carrier gets of one order. */
const FOR_EVER = 100_000;

export interface Visitor {
  kind: Kind;
  /** A random number from 0 to 1, by which the shopper and its operator decide. */
  roll: number;
  ware: Ware;
}

export interface Placed {
  kind: Kind;
  roll: number;
  sku: string;
  id: string;
  /** The recipient's. */
  name: string;
  email: string;
  accessToken: string;
  /** How often the call was sent until there was a response. */
  tries: number;
}

const isAnswer = <T extends { status: number }>(answer: T): T | undefined =>
  answer.status < 500 ? answer : undefined;

const published = (it: Placed, call: () => Promise<{ status: number }>): Promise<unknown> =>
  persistently(it.id, async () => isAnswer(await call()));

/** Waits until the order needs this action of its shopper, or no longer does. */
const untilNeeded = (shop: Shop, it: Placed, kind: string): Promise<unknown> =>
  persistently(`${it.id} asks its shopper: ${kind}`, async () => {
    const { status: code, body } = await asShopper(shop, it, 'GET');
    if (code !== 200) return undefined;
    const { nextAction, status } = body;
    const isOpen = status === 'accepted' || status === 'awaiting_payment';
    return nextAction?.kind === kind || !isOpen ? true : undefined;
  });

const reaches = (shop: Shop, it: Placed, status: string): Promise<unknown> =>
  persistently(`${it.id} is ${status}`, async () => {
    const { body } = await asShopper(shop, it, 'GET');
    return body.status === status ? true : undefined;
  });

const cancel = async (shop: Shop, it: Placed): Promise<void> => {
  await published(it, () => asShopper(shop, it, 'POST', '/cancel', {}));
};

const BOOKING = 'booking the parcel';

/** Cancels when a booking may have been sent: before that, no carrier has a say in it. */
const cancelPaid = async (shop: Shop, it: Placed): Promise<void> => {
  await persistently(`${it.id} is being booked`, async () => {
    const { workflow } = await lookInto(shop, it.id);
    return workflow.progress?.step === BOOKING ? true : undefined;
  });
  await cancel(shop, it);
};

const claims = async (shop: Shop, it: Placed): Promise<void> => {
  await reaches(shop, it, 'delivered');
  await claimAll(shop, it);
};

/**
 * One parcel ends so, the other one arrives. The shopper then sends back more than has arrived,
 * which is refused, and in half of the cases one unit that has.
 */
const partly =
  (outcome: 'lost' | 'returned') =>
  async (shop: Shop, it: Placed): Promise<void> => {
    const { answer: ids } = await persistently(`${it.id} is booked`, async () => {
      const parcels = await parcelsOf(shop, it.id);
      return parcels.length === 2 ? parcels.map(({ shipmentId }) => shipmentId) : undefined;
    });
    const [first = '', second = ''] = it.roll < 0.5 ? ids : ids.toReversed();
    await sendTo(shop, first, outcome);
    await sendTo(shop, second, 'delivered');
    await reaches(shop, it, 'delivered');
    await sendBack(shop, it, quantityOf(it.kind));
    if (it.roll % 0.5 < 0.25) await sendBack(shop, it, 1);
  };

const AFTER: Partial<Record<Kind, (shop: Shop, it: Placed) => Promise<void>>> = {
  authenticates: async (shop, it) => {
    await untilNeeded(shop, it, 'authenticate');
    await authenticate(shop, it.id);
  },
  cancels: cancel,
  cancelsPaid: cancelPaid,
  cancelsSplit: cancelPaid,
  anotherCard: async (shop, it) => {
    await untilNeeded(shop, it, 'another_card');
    const card = { paymentMethod: 'pm_card_visa' };
    await published(it, () => asShopper(shop, it, 'POST', '/payment', card));
  },
  returns: async (shop, it) => {
    await reaches(shop, it, 'delivered');
    await sendBack(shop, it, 1);
  },
  partLost: partly('lost'),
  partBack: partly('returned'),
  disputes: claims,
  overtaken: claims,
  goodwill: claims,
  inspected: claims,
};

/** Undefined when the checkout is refused without an order. */
export const buy = async (
  shop: Shop,
  { kind, roll, ware }: Visitor,
): Promise<Placed | undefined> => {
  const { sku } = ware;
  const options = {
    sku,
    quantity: quantityOf(kind),
    paymentMethod: CARDS[kind] ?? 'pm_card_visa',
    name: newName(),
    postalCode: POSTAL_CODES[kind] ?? 'IV51 9DE',
    email: newEmail(),
    key: crypto.randomUUID(),
  };
  const { name, email } = options;
  if (kind === 'refused') {
    await carrierFault(shop, '/shipments', 'status:422', { containing: name, times: FOR_EVER });
  }
  // A lost response or a 5xx is no result, unless it names the order.
  const { answer, tries } = await persistently('a checkout', async () => {
    const { status, body } = await placeOrder(shop, options);
    const id = body.id ?? body.order?.id;
    if (id) return { id, accessToken: body.accessToken };
    return status < 500 ? 'refused' : undefined;
  });
  if (answer === 'refused') return undefined;
  const placed = { kind, roll, sku, name, email, ...answer, tries };
  await AFTER[kind]?.(shop, placed);
  return placed;
};
