// Approves returns, looks at their parcels, inspects them, and records their end.
import type { Pg } from '../db/postgres/client.ts';
import { returnSettingsOf } from '../db/postgres/orders/return-settings.ts';
import {
  concludeReturn,
  inspectReturn,
  moveReturn,
  returnById,
  UNINSPECTED,
  type Return,
} from '../db/postgres/orders/returns.ts';
import { DomainError } from '../domain/errors.ts';
import type { Address } from '../domain/order.ts';
import { RETURN_SEND_DAYS, type Inspection, type ReturnLine } from '../domain/returns.ts';
import type { Carrier, Shipment } from './providers/carrier.ts';

export interface ReturnInput {
  returnId: string;
  storeId: string;
}

/** What of a return was accepted, and what it is worth, in minor units. */
export interface Inspected {
  accepted: ReturnLine[];
  refundMinor: number;
  location: string;
  /** Why units were refused. */
  note?: string;
}

/** Where returned parcels of a store go that has set no address. */
const WAREHOUSE: Address = {
  name: 'Holdfast Returns',
  line1: '1 Quay Road',
  city: 'Portree',
  postalCode: 'IV51 9AA',
  country: 'GB',
};
const DAY_MS = 86_400_000;

const labelKey = (returnId: string): string => `${returnId}/book`;
const sendUntil = (): Date => new Date(Date.now() + RETURN_SEND_DAYS * DAY_MS);

/** The parcel's status; a label that was not used in time is void then, unless it has left. */
const locate = async (
  carrier: Carrier,
  { id, shipmentId, sendUntil: until }: Return,
): Promise<Shipment['status']> => {
  // Without a label nothing tells that it has come: an operator does.
  if (!shipmentId) throw new DomainError('NOT_FOUND', 'the return has no parcel to follow');
  const { status } = await carrier.shipmentById(shipmentId);
  if (status !== 'booked' || !until || until.getTime() > Date.now()) return status;
  return (await carrier.voidKey(id, labelKey(id)))?.status ?? 'canceled';
};

const look = async (
  pg: Pg,
  carrier: Carrier,
  { returnId, storeId }: ReturnInput,
): Promise<'received' | 'expired' | undefined> => {
  const present = await returnById(pg, storeId, returnId);
  if (present.state === 'expired') return 'expired';
  if (present.state !== 'approved' && present.state !== 'in_transit') return 'received';
  const move = (state: 'in_transit' | 'received' | 'expired') =>
    moveReturn(pg, storeId, returnId, { state });
  const status = await locate(carrier, present);
  if (status === 'lost' || status === 'returned') {
    throw new DomainError('RETURN_REFUSED', `the carrier says that its parcel is ${status}`);
  }
  if (status === 'booked') return undefined;
  if (status === 'shipped') {
    await move('in_transit');
    return undefined;
  }
  const seen = status === 'delivered' ? 'received' : 'expired';
  await move(seen);
  return seen;
};

const unitsOf = (lines: readonly ReturnLine[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0);

const inspect = async (
  pg: Pg,
  { returnId, storeId, decision }: ReturnInput & { decision?: Inspection },
): Promise<Inspected | undefined> => {
  const { location, inspects } = await returnSettingsOf(pg, storeId);
  const { state } = await returnById(pg, storeId, returnId);
  if (inspects && !decision && UNINSPECTED.includes(state)) return undefined;
  const seen = await inspectReturn(pg, storeId, returnId, { ...decision, location });
  const { lines, accepted, refundMinor, note } = seen;
  const isRefused = unitsOf(accepted ?? []) < unitsOf(lines);
  return {
    accepted: accepted ?? [],
    refundMinor,
    location: seen.location ?? location,
    ...(isRefused && note !== null && { note }),
  };
};

export const returnActivities = (pg: Pg, carrier: Carrier) => ({
  /**
   * Books the label under the return's own key. The request has already checked the return rule
   * under the order's lock: the units were bought, have arrived, and are in time.
   */
  async approveReturn({ returnId, storeId }: ReturnInput): Promise<void> {
    // A workflow that is started again finds it approved already.
    if ((await returnById(pg, storeId, returnId)).state !== 'requested') return;
    const { address = WAREHOUSE } = await returnSettingsOf(pg, storeId);
    const label = await carrier.book(returnId, address, labelKey(returnId));
    const { id: shipmentId, trackingNumber } = label;
    const sent = { shipmentId, trackingNumber, sendUntil: sendUntil() };
    await moveReturn(pg, storeId, returnId, { state: 'approved', ...sent });
  },

  /** Approves it without a label: the shopper sends it in another way. */
  async approveWithoutParcel({ returnId, storeId }: ReturnInput): Promise<void> {
    await moveReturn(pg, storeId, returnId, { state: 'approved' });
  },

  /** Records that the units are here, as an operator says. */
  async receiveReturn({ returnId, storeId }: ReturnInput): Promise<void> {
    await moveReturn(pg, storeId, returnId, { state: 'received' });
  },

  /**
   * Looks at the parcel once: `received`, `expired` when it was not sent in time, or undefined.
   * RETURN_REFUSED when the carrier will not bring it, NOT_FOUND without a label.
   */
  lookAtReturn: (input: ReturnInput): Promise<'received' | 'expired' | undefined> =>
    look(pg, carrier, input),

  /**
   * Accepts what has arrived, as a person has decided or by the store's rule; undefined when a
   * person has to decide first. INVALID_INPUT, ILLEGAL_TRANSITION.
   */
  inspectReturn: (input: ReturnInput & { decision?: Inspection }): Promise<Inspected | undefined> =>
    inspect(pg, input),

  /** Ends a return whose money has reached the shopper; repeatable. */
  concludeReturn: ({ returnId, storeId }: ReturnInput): Promise<void> =>
    concludeReturn(pg, storeId, returnId),
});
