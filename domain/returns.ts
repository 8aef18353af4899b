// The rules of returns: which units can be returned, until when, and what they are worth.
import { DomainError, invalid } from './errors.ts';
import { demandOf, type OrderLine, type OrderStatus } from './order.ts';

export const RETURN_STATES = [
  'requested',
  'approved',
  'rejected',
  'received',
  'refunded',
  'expired',
] as const;
export type ReturnState = (typeof RETURN_STATES)[number];

/** The allowed moves, as data. */
export const RETURN_MOVES: Record<ReturnState, readonly ReturnState[]> = {
  requested: ['approved', 'rejected'],
  approved: ['received', 'expired'],
  received: ['refunded'],
  rejected: [],
  refunded: [],
  expired: [],
};

/** Days after delivery within which a return may be requested; the European minimum is 14. */
export const RETURN_WINDOW_DAYS = 30;
export const RETURN_REASON_LENGTH_MAX = 500;

export interface ReturnLine {
  sku: string;
  quantity: number;
}

export interface ReturnInput {
  status: OrderStatus;
  /** When the parcel arrived; undefined before delivery. */
  deliveredAt: Date | undefined;
  bought: readonly OrderLine[];
  /** Units in earlier returns that were not rejected. */
  returned: readonly ReturnLine[];
  wanted: readonly ReturnLine[];
}

const unitsOf = (lines: readonly ReturnLine[], sku: string): number =>
  lines.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);

/**
 * The demand of a return, each sku once, and its worth in minor units at the paid price. Throws
 * INVALID_INPUT for a sku that was not bought, RETURN_REFUSED with the reason otherwise.
 */
export const valueReturn = (input: ReturnInput, nowMs: number) => {
  const lines = demandOf(input.wanted);
  if (input.status !== 'delivered' || !input.deliveredAt) {
    throw new DomainError('RETURN_REFUSED', 'only what was delivered can be returned');
  }
  const windowMs = RETURN_WINDOW_DAYS * 24 * 3_600_000;
  if (nowMs > input.deliveredAt.getTime() + windowMs) {
    throw new DomainError(
      'RETURN_REFUSED',
      `returns end ${RETURN_WINDOW_DAYS} days after delivery`,
    );
  }
  let refundMinor = 0;
  for (const [at, { sku, quantity }] of lines.entries()) {
    const bought = input.bought.filter((line) => line.sku === sku);
    const [first] = bought;
    if (!first) throw invalid(`lines.${at}.sku`, 'was not bought in this order');
    const left = unitsOf(bought, sku) - unitsOf(input.returned, sku);
    if (quantity > left) {
      throw new DomainError('RETURN_REFUSED', `of ${sku} only ${left} can be returned`, {
        facts: { sku, returnable: left },
      });
    }
    refundMinor += first.unitMinor * quantity;
  }
  return { lines, refundMinor };
};
