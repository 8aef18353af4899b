// The parcels of an order: one per location, and the order's outcome from theirs.
import type { OrderLine } from './order.ts';
import type { Demand } from './stock.ts';

export const PARCEL_STATUSES = ['booked', 'shipped', 'delivered', 'lost', 'returned'] as const;
export type ParcelStatus = (typeof PARCEL_STATUSES)[number];

export interface ParcelState {
  status: ParcelStatus;
  lines: readonly Demand[];
}

const FINAL: readonly ParcelStatus[] = ['delivered', 'lost', 'returned'];

export const isFinal = ({ status }: ParcelState): boolean => FINAL.includes(status);

export interface DeliveryOutcome {
  end: 'delivered' | 'lost' | 'returned';
  /** The price of the undelivered units, in minor units; 0 when everything arrived. */
  undeliveredMinor: number;
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
  if (undelivered.length < parcels.length) return { end: 'delivered', undeliveredMinor };
  const end = undelivered.every(({ status }) => status === 'returned') ? 'returned' : 'lost';
  return { end, undeliveredMinor };
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
