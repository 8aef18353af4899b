// The types and limits of stock and reservations that Inventory and its callers share.

export const RESERVATION_STATES = ['held', 'claimed', 'released', 'expired'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];

/** The only location of a store that has defined none. */
export const DEFAULT_LOCATION = 'default';
export const STOCK_QUANTITY_MAX = 1_000_000_000;

export interface Demand {
  sku: string;
  quantity: number;
}

/** Units of a sku taken from a location. */
export interface Taking extends Demand {
  location: string;
}

/** A sku's stock over all locations, from the ledger; `version` rises with every change. */
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
  /** The requested lines, each sku once. */
  lines: Demand[];
  /** The locations of the units it holds, or held when it ended. */
  takings: Taking[];
  /** Units that were lost while they were held. */
  missing: Demand[];
  /** Set when the reservation needs an operator. */
  attention: { reason: string; since: string } | undefined;
  expiresAt: string;
}

export const MOVEMENT_KINDS = ['received', 'adjusted', 'claimed', 'reversed'] as const;
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

/** One change of on-hand stock; the sum of a sku's movements is its on-hand stock. */
export interface Movement {
  id: number;
  sku: string;
  location: string;
  kind: MovementKind;
  /** Negative when units leave. */
  quantity: number;
  /** The receipt, adjustment or reservation that caused it. */
  reference: string;
  reason: string;
  createdAt: string;
}
