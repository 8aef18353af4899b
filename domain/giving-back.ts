// The one rule of what can still be given back of an order: in money, and unit by unit.
import { assertWholeSteps, wholeStepsFrom } from './charges.ts';
import { isOver, isWithdrawn, type DisputeState } from './disputes/dispute.ts';
import { DomainError } from './errors.ts';
import type { Currency } from './money.ts';
import type { OrderLine, REFUND_STATES } from './order.ts';
import type { ReturnLine, ReturnState } from './returns.ts';
import type { Demand } from './stock.ts';

/** What has become of an order's money and units so far; amounts in minor units. */
export interface AfterCapture {
  currency: Currency;
  /** 0 before the capture. */
  capturedMinor: number;
  bought: readonly OrderLine[];
  /** Units of parcels that have ended otherwise than with their delivery. */
  undelivered: readonly Demand[];
  returns: readonly {
    id: string;
    state: ReturnState;
    lines: readonly ReturnLine[];
    /** Once inspected: what of it was accepted; the rest stays the shopper's. */
    accepted?: readonly ReturnLine[] | null | undefined;
    refundMinor: number;
  }[];
  refunds: readonly { id: string; state: (typeof REFUND_STATES)[number]; amountMinor: number }[];
  disputes: readonly { state: DisputeState; isInquiry: boolean; amountMinor: number }[];
}

/** Returns whose money is promised until their refund is requested. */
const OPEN: readonly ReturnState[] = [
  'requested',
  'approved',
  'in_transit',
  'received',
  'inspected',
];
/** Returns whose units stay with the shopper. */
const VOID: readonly ReturnState[] = ['rejected', 'expired'];

const sumOf = (amounts: readonly { amountMinor: number }[]): number =>
  amounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0);

/**
 * The money that can still be granted: what was captured, without refunds that have not failed,
 * disputes that have withdrawn theirs, and what is promised to open returns. A return's own refund,
 * whose id is the return's, may use its promise; one that failed frees it for the refund that
 * replaces it.
 */
export const leftMinor = (after: AfterCapture, refundId?: string): number => {
  const granted = after.refunds.filter(({ state }) => state !== 'failed');
  const requested = new Set([refundId, ...after.refunds.map(({ id }) => id)]);
  const promised = after.returns
    .filter(({ id, state }) => OPEN.includes(state) && !requested.has(id))
    .map(({ refundMinor }) => ({ amountMinor: refundMinor }));
  const withdrawn = after.disputes.filter((dispute) => isWithdrawn(dispute));
  const left = after.capturedMinor - sumOf(granted) - sumOf(promised) - sumOf(withdrawn);
  return Math.max(0, left);
};

const unitsOf = (lines: readonly Demand[], sku: string): number =>
  lines.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);

/** The units of a sku that the shopper has and has not promised to send back. */
export const leftUnits = (after: AfterCapture, sku: string): number => {
  const returned = after.returns
    .filter(({ state }) => !VOID.includes(state))
    .flatMap(({ lines, accepted }) => accepted ?? lines);
  return unitsOf(after.bought, sku) - unitsOf(after.undelivered, sku) - unitsOf(returned, sku);
};

/** What a refund asks for: an amount, at most an amount, or all that is left. */
export interface Wanted {
  id: string;
  /** In minor units; absent means all that is left. */
  amountMinor?: number | undefined;
  /**
   * It is owed: at most what is left is granted, in whole steps of the provider, and nothing while
   * a dispute holds some of it.
   */
  isOwed?: boolean;
}

const refused = (message: string, left: number): DomainError =>
  new DomainError('REFUND_EXCEEDS_CAPTURE', message, { facts: { leftMinor: left } });

/**
 * The granted amount in minor units; 0 when nothing is left. What is owed of money that a dispute
 * holds is not granted in part: whether it can be is known once the bank has decided.
 * REFUND_EXCEEDS_CAPTURE, AMOUNT_NOT_CHARGEABLE (between the provider's steps).
 */
export const grantedMinor = (after: AfterCapture, wanted: Wanted): number => {
  const left = leftMinor(after, wanted.id);
  const held = sumOf(after.disputes.filter((one) => isWithdrawn(one) && !isOver(one.state)));
  const asked = wanted.amountMinor ?? (wanted.isOwed ? left + held : left);
  const amountMinor = wanted.isOwed ? wholeStepsFrom(asked, after.currency) : asked;
  if (!wanted.isOwed && amountMinor > left) {
    throw refused('the refund exceeds what can still be given back', left);
  }
  if (amountMinor <= left) {
    assertWholeSteps(amountMinor, after.currency);
    return amountMinor;
  }
  if (held === 0) return left;
  throw refused('a dispute holds the money until the bank has decided', left);
};
