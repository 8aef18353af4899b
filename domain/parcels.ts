// The parcels of an order: one per location, and the order's outcome from theirs.
import type { OrderLine } from './order.ts';
import type { Demand } from './stock.ts';

export const PARCEL_STATUSES = ['booked', 'shipped', 'delivered', 'lost', 'returned'] as const;
export type ParcelStatus = (typeof PARCEL_STATUSES)[number];

/** Units at the location that sent them. */
export interface UnitsAt extends Demand {
  location: string;
}

export interface ParcelState {
  location: string;
  status: ParcelStatus;
  lines: readonly Demand[];
}

const FINAL: readonly ParcelStatus[] = ['delivered', 'lost', 'returned'];

export const isFinal = ({ status }: ParcelState): boolean => FINAL.includes(status);

export interface DeliveryOutcome {
  end: 'delivered' | 'lost' | 'returned';
  /** The price of the undelivered units, in minor units; 0 when everything arrived. */
  undeliveredMinor: number;
  /** Units that came back although not all of the order did; put on hand again one by one. */
  returned: UnitsAt[];
}

/**
 * The outcome of an order whose parcels are all final: delivered when any parcel arrived, else
 * returned when every parcel came back, else lost. Undelivered units are owed at their price.
 */
export const outcomeOf = (
  parcels: readonly ParcelState[],
  bought: readonly OrderLine[],
): DeliveryOutcome => {
  const undelivered = parcels.filter(({ status }) => status !== 'delivered');
  const priceOf = (sku: string): number => bought.find((line) => line.sku === sku)?.unitMinor ?? 0;
  const undeliveredMinor = undelivered
    .flatMap(({ lines }) => lines)
    .reduce((sum, { sku, quantity }) => sum + priceOf(sku) * quantity, 0);
  const back = parcels.filter(({ status }) => status === 'returned');
  const returned = back.flatMap(({ location, lines }) =>
    lines.map(({ sku, quantity }) => ({ location, sku, quantity })),
  );
  if (undelivered.length < parcels.length) return { end: 'delivered', undeliveredMinor, returned };
  // All of it: the claim as a whole is reversed.
  if (back.length === parcels.length) return { end: 'returned', undeliveredMinor, returned: [] };
  return { end: 'lost', undeliveredMinor, returned };
};

/** The units of each location's parcel, sorted by location. */
export const splitByLocation = (
  lines: readonly (Demand & { location: string })[],
): Map<string, Demand[]> => {
  const parcels = new Map<string, Demand[]>();
  for (const { location, sku, quantity } of lines) {
    parcels.set(location, [...(parcels.get(location) ?? []), { sku, quantity }]);
  }
  return new Map([...parcels].sort(([a], [b]) => (a < b ? -1 : 1)));
};
