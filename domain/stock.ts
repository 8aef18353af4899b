// Stock and reservations: the limits and the words that Inventory and its callers share.

export const RESERVATION_STATES = ['held', 'claimed', 'released', 'expired'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];

/** The one location of a store that has not said more. */
export const DEFAULT_LOCATION = 'default';
export const STOCK_QUANTITY_MAX = 1_000_000_000;
export const HOLD_MS_MIN = 10_000;
export const HOLD_MS_MAX = 24 * 3_600_000;
export const STOCK_SKUS_MAX = 500;

export interface Demand {
  sku: string;
  quantity: number;
}

/** What the ledger says of a sku; `version` rises with every change. */
export interface StockLevel {
  sku: string;
  onHand: number;
  reserved: number;
  available: number;
  version: number;
}

export interface Reservation {
  id: string;
  state: ReservationState;
  lines: Demand[];
  expiresAt: string;
}
