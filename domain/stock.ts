// Stock and reservations: the limits and the words that Inventory and its callers share.

import type { Taking } from './allocation.ts';

export const RESERVATION_STATES = ['held', 'claimed', 'released', 'expired'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];

/** The one location of a store that has not said more. */
export const DEFAULT_LOCATION = 'default';
export const STOCK_QUANTITY_MAX = 1_000_000_000;

export interface Demand {
  sku: string;
  quantity: number;
}

/** What the ledger says of a sku over all its locations; `version` rises with every change. */
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
  /** What was asked, each sku once. */
  lines: Demand[];
  /** Where the units are that it holds, or held when it ended. */
  takings: Taking[];
  /** Units that were lost while they were held. */
  missing: Demand[];
  /** Set when a person is needed. */
  attention: { reason: string; since: string } | undefined;
  expiresAt: string;
}

export const MOVEMENT_KINDS = ['received', 'adjusted', 'claimed', 'reversed'] as const;
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

/** One change of what is on hand; the sum of a sku's movements is its on-hand. */
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
