// Fulfilment: a parcel a location is booked once, then followed until the carrier's last word.
import type { Client } from '@connectrpc/connect';
import type { Pg } from '../db/postgres/client.ts';
import { orderById, type Order } from '../db/postgres/orders/orders.ts';
import { listParcels, moveParcel, putParcel, type Parcel } from '../db/postgres/orders/parcels.ts';
import { advanceOrder } from '../db/postgres/orders/steps.ts';
import { reservationIdOf } from '../domain/ids.ts';
import { isFinal, outcomeOf, splitByLocation, type DeliveryOutcome } from '../domain/parcels.ts';
import { DEFAULT_LOCATION, type Demand } from '../domain/stock.ts';
import type { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Carrier, Shipment } from './providers/carrier.ts';
import { headersOf, type StockAsk as OrderAsk } from './stock.ts';
import { notYet } from './attempts.ts';

export interface FulfillmentParts {
  pg: Pg;
  carrier: Carrier;
  inventory: Client<typeof InventoryService>;
}

/** What the reservation took from each location. */
const plannedParcels = async (
  { inventory }: FulfillmentParts,
  ask: OrderAsk,
): Promise<Map<string, Demand[]>> => {
  const reservationId = reservationIdOf(ask.orderId);
  const { reservation } = await inventory.getReservation({ reservationId }, headersOf(ask));
  return splitByLocation(reservation?.allocations ?? []);
};

/** The default location's key is the order's own; another's names it. */
const bookingKey = (orderId: string, location: string): string =>
  location === DEFAULT_LOCATION ? `${orderId}/book` : `${orderId}/book/${location}`;

const bookParcel = async (
  { pg, carrier }: FulfillmentParts,
  { id: orderId, shippingAddress }: Order,
  location: string,
  lines: Demand[],
): Promise<void> => {
  const key = bookingKey(orderId, location);
  const { id: shipmentId, trackingNumber } = await carrier.book(orderId, shippingAddress, key);
  await putParcel(pg, { orderId, location, lines, shipmentId, trackingNumber, status: 'booked' });
};

const book = async (parts: FulfillmentParts, ask: OrderAsk): Promise<void> => {
  const { orderId, storeId } = ask;
  const order = await orderById(parts.pg, storeId, orderId);
  for (const [location, lines] of await plannedParcels(parts, ask)) {
    await bookParcel(parts, order, location, lines);
  }
  const booked = await listParcels(parts.pg, orderId);
  const [first] = booked;
  if (!first) throw new Error('an order was booked without a parcel');
  const shown = booked.map(({ location, trackingNumber, lines }) => ({
    location,
    trackingNumber,
    lines,
  }));
  const trackingNumber = booked.map((parcel) => parcel.trackingNumber).join(', ');
  await advanceOrder(parts.pg, storeId, orderId, {
    ...(order.status === 'confirmed' && { status: 'packing' }),
    shipmentId: first.shipmentId,
    trackingNumber,
    data: { trackingNumber, parcels: shown },
  });
};

/** Orders booked before parcels were rows have one, at the default location. */
const parcelsOf = async ({ pg }: FulfillmentParts, order: Order): Promise<Parcel[]> => {
  const parcels = await listParcels(pg, order.id);
  if (parcels.length > 0 || !order.shipmentId) return parcels;
  const lines = order.lines.map(({ sku, quantity }) => ({ sku, quantity }));
  const { id: orderId, shipmentId, trackingNumber = '' } = order;
  const location = DEFAULT_LOCATION;
  await putParcel(pg, { orderId, location, lines, shipmentId, trackingNumber, status: 'booked' });
  return listParcels(pg, orderId);
};

/** Asks the carrier where each parcel is that may still move. */
const located = async (parts: FulfillmentParts, order: Order): Promise<Parcel[]> => {
  const parcels = await parcelsOf(parts, order);
  if (parcels.length === 0) throw new Error('a shipment is followed before it was booked');
  return Promise.all(
    parcels.map(async (parcel) => {
      if (isFinal(parcel)) return parcel;
      const { status } = await parts.carrier.shipmentById(parcel.shipmentId);
      const seen = PARCEL_STATUSES[status];
      if (seen !== parcel.status) await moveParcel(parts.pg, parcel, seen);
      return { ...parcel, status: seen };
    }),
  );
};

/** A booking that the carrier has dropped will not come: that is a loss. */
const PARCEL_STATUSES: Record<Shipment['status'], Parcel['status']> = {
  booked: 'booked',
  shipped: 'shipped',
  delivered: 'delivered',
  lost: 'lost',
  returned: 'returned',
  canceled: 'lost',
};

export interface FollowAsk extends OrderAsk {
  until: 'shipped' | 'delivered';
  pollMs: number;
}

const follow = async (
  parts: FulfillmentParts,
  { orderId, storeId, until, pollMs }: FollowAsk,
): Promise<DeliveryOutcome> => {
  const order = await orderById(parts.pg, storeId, orderId);
  const parcels = await located(parts, order);
  const haveLeft = parcels.every(({ status }) => status !== 'booked');
  if (haveLeft && order.status === 'packing') {
    await advanceOrder(parts.pg, storeId, orderId, { status: 'shipped' });
  }
  const reached = until === 'shipped' ? haveLeft : parcels.every((parcel) => isFinal(parcel));
  if (!reached) {
    throw notYet(`parcels are ${parcels.map(({ status }) => status).join(', ')}`, pollMs);
  }
  const outcome = outcomeOf(parcels, order.lines);
  const arrives = until === 'delivered' && outcome.end === 'delivered';
  if (arrives) await advanceOrder(parts.pg, storeId, orderId, { status: 'delivered' });
  return outcome;
};

export const fulfillmentActivities = (parts: FulfillmentParts) => ({
  /** Books each parcel under its own key and moves the order to packing. */
  bookShipment: (ask: OrderAsk): Promise<void> => book(parts, ask),
  /** Undo: every parcel that was or may have been booked; ILLEGAL_TRANSITION once it has left. */
  async cancelShipment(ask: OrderAsk): Promise<void> {
    const order = await orderById(parts.pg, ask.storeId, ask.orderId);
    for (const location of (await plannedParcels(parts, ask)).keys()) {
      const key = bookingKey(order.id, location);
      // The key finds a booking whose answer was lost; if there was none, a new one is dropped.
      const { id } = await parts.carrier.book(order.id, order.shippingAddress, key);
      await parts.carrier.cancel(id);
    }
  },
  /**
   * Resolves once every parcel is there; until then they are looked at again every `pollMs`.
   * An order whose parcels did not arrive is left as it is: its money goes back first.
   */
  followShipment: (ask: FollowAsk): Promise<DeliveryOutcome> => follow(parts, ask),
});
