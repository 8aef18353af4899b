// Books one parcel per location once, and follows the parcels until the carrier reports an end.
import type { Client } from '@connectrpc/connect';
import type { Pg } from '../db/postgres/client.ts';
import { orderById, type Order } from '../db/postgres/orders/orders.ts';
import { listParcels, moveParcel, putParcel, type Parcel } from '../db/postgres/orders/parcels.ts';
import { requestReturn } from '../db/postgres/orders/returns.ts';
import { advanceOrder } from '../db/postgres/orders/steps.ts';
import { DomainError } from '../domain/errors.ts';
import { reservationIdOf } from '../domain/ids.ts';
import { isFinal, outcomeOf, splitByLocation, type DeliveryOutcome } from '../domain/parcels.ts';
import { DEFAULT_LOCATION, type Demand } from '../domain/stock.ts';
import type { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Carrier, Shipment } from './providers/carrier.ts';
import { headersOf, type StockInput as OrderInput } from './stock.ts';

export interface FulfillmentDeps {
  pg: Pg;
  carrier: Carrier;
  inventory: Client<typeof InventoryService>;
}

/** The units that the reservation took from each location. */
const plannedParcels = async (
  { inventory }: FulfillmentDeps,
  input: OrderInput,
): Promise<Map<string, Demand[]>> => {
  const reservationId = reservationIdOf(input.orderId);
  const { reservation } = await inventory.getReservation({ reservationId }, headersOf(input));
  return splitByLocation(reservation?.allocations ?? []);
};

/** The default location's key is the order's own; another location's key names the location. */
const bookingKey = (orderId: string, location: string): string =>
  location === DEFAULT_LOCATION ? `${orderId}/book` : `${orderId}/book/${location}`;

const bookParcel = async (
  { pg, carrier }: FulfillmentDeps,
  { id: orderId, shippingAddress }: Order,
  location: string,
  lines: Demand[],
): Promise<void> => {
  const key = bookingKey(orderId, location);
  const { id: shipmentId, trackingNumber } = await carrier.book(orderId, shippingAddress, key);
  await putParcel(pg, { orderId, location, lines, shipmentId, trackingNumber, status: 'booked' });
};

const book = async (deps: FulfillmentDeps, input: OrderInput): Promise<void> => {
  const { orderId, storeId } = input;
  const order = await orderById(deps.pg, storeId, orderId);
  for (const [location, lines] of await plannedParcels(deps, input)) {
    await bookParcel(deps, order, location, lines);
  }
  const booked = await listParcels(deps.pg, orderId);
  const [first] = booked;
  if (!first) throw new Error('an order was booked without a parcel');
  const shown = booked.map(({ location, trackingNumber, lines }) => ({
    location,
    trackingNumber,
    lines,
  }));
  const trackingNumber = booked.map((parcel) => parcel.trackingNumber).join(', ');
  await advanceOrder(deps.pg, storeId, orderId, {
    ...(order.status === 'confirmed' && { status: 'packing' }),
    shipmentId: first.shipmentId,
    trackingNumber,
    data: { trackingNumber, parcels: shown },
  });
};

/** Reads the carrier's status of each parcel that may still move. */
const located = async (deps: FulfillmentDeps, order: Order): Promise<Parcel[]> => {
  const parcels = await listParcels(deps.pg, order.id);
  if (parcels.length === 0) throw new Error('a shipment is followed before it was booked');
  return Promise.all(
    parcels.map(async (parcel) => {
      if (isFinal(parcel)) return parcel;
      const { status } = await deps.carrier.shipmentById(parcel.shipmentId);
      const seen = PARCEL_STATUSES[status];
      if (seen !== parcel.status) await moveParcel(deps.pg, parcel, seen);
      return { ...parcel, status: seen };
    }),
  );
};

/** What the carrier dropped before it left is still here, as what has come back is. */
const PARCEL_STATUSES: Record<Shipment['status'], Parcel['status']> = {
  booked: 'booked',
  shipped: 'shipped',
  delivered: 'delivered',
  lost: 'lost',
  returned: 'returned',
  canceled: 'returned',
};

/** Stands for the parcel of a location under whose key nothing is booked any more. */
const NEVER_BOOKED = { id: '', trackingNumber: '', status: 'canceled' } as const;

/**
 * Once one parcel has left, each location has its row: units that were never booked count as
 * returned, so that they are refunded and restocked with the rest.
 */
const voidAll = async (deps: FulfillmentDeps, input: OrderInput): Promise<'voided' | 'left'> => {
  const { pg, carrier } = deps;
  const { orderId } = input;
  const parcels: Parameters<typeof putParcel>[1][] = [];
  let hasLeft = false;
  for (const [location, lines] of await plannedParcels(deps, input)) {
    const voided = (await carrier.voidKey(orderId, bookingKey(orderId, location))) ?? NEVER_BOOKED;
    const { id: shipmentId, trackingNumber } = voided;
    const status = PARCEL_STATUSES[voided.status];
    hasLeft ||= voided.status !== 'canceled';
    parcels.push({ orderId, location, lines, shipmentId, trackingNumber, status });
  }
  if (!hasLeft) return 'voided';
  for (const parcel of parcels) await putParcel(pg, parcel);
  return 'left';
};

/** How far an order's parcels are. */
export interface ShipmentSeen {
  /** All of them have left. */
  isShipped: boolean;
  /** What has become of them; absent while one may still move. */
  outcome?: DeliveryOutcome;
}

const look = async (
  deps: FulfillmentDeps,
  { orderId, storeId }: OrderInput,
): Promise<ShipmentSeen> => {
  const order = await orderById(deps.pg, storeId, orderId);
  const parcels = await located(deps, order);
  const isShipped = parcels.every(({ status }) => status !== 'booked');
  if (isShipped && order.status === 'packing') {
    await advanceOrder(deps.pg, storeId, orderId, { status: 'shipped' });
  }
  if (!parcels.every((parcel) => isFinal(parcel))) return { isShipped };
  const outcome = outcomeOf(parcels, order.lines);
  if (outcome.end === 'delivered')
    await advanceOrder(deps.pg, storeId, orderId, { status: 'delivered' });
  return { isShipped, outcome };
};

export const fulfillmentActivities = (deps: FulfillmentDeps) => ({
  /** Books each parcel under its own key and moves the order to packing. */
  bookShipment: (input: OrderInput): Promise<void> => book(deps, input),
  /**
   * Undo: voids each parcel that was or may be booked, by its key. `left` when one is on its way
   * already: the parcels are recorded, so that they can be followed.
   */
  voidShipment: (input: OrderInput): Promise<'voided' | 'left'> => voidAll(deps, input),
  /** Calls the parcels back that are on their way; those that have arrived stay. */
  async interceptShipment({ orderId }: OrderInput): Promise<void> {
    const parcels = await listParcels(deps.pg, orderId);
    for (const { shipmentId } of parcels.filter((parcel) => !isFinal(parcel))) {
      await deps.carrier.intercept(shipmentId).catch((error: unknown) => {
        if (!(error instanceof DomainError) || error.code !== 'ILLEGAL_TRANSITION') throw error;
      });
    }
  },
  /** Requests the return of what was delivered; the sweep starts its workflow. */
  async openReturn({ orderId, storeId }: OrderInput): Promise<void> {
    const parcels = await listParcels(deps.pg, orderId);
    const lines = parcels
      .filter(({ status }) => status === 'delivered')
      .flatMap((one) => one.lines);
    const reason = 'the order was cancelled after its parcel had left';
    const key = `${orderId}/left`;
    await requestReturn(deps.pg, { storeId, orderId, key, lines, reason, isGranted: true });
  },
  /**
   * Reads the parcels once, and records that they have left or arrived. The status of an order
   * whose parcels did not arrive stays: its refund comes first.
   */
  lookAtShipment: (input: OrderInput): Promise<ShipmentSeen> => look(deps, input),
});
