// The rules of returns: which units can be returned, until when, and what they are worth.
import { wholeStepsFrom } from './charges.ts';
import { DomainError, invalid } from './errors.ts';
import { isId } from './ids.ts';
import { leftMinor, leftUnits, type AfterCapture } from './giving-back.ts';
import type { Currency } from './money.ts';
import { demandOf, type Address, type OrderLine, type OrderStatus } from './order.ts';
import { DEFAULT_LOCATION } from './stock.ts';

export const RETURN_STATES = [
  'requested',
  'approved',
  'rejected',
  'received',
  'refunded',
  'expired',
  'in_transit',
  'inspected',
] as const;
export type ReturnState = (typeof RETURN_STATES)[number];

/** The allowed moves, as data. */
export const RETURN_MOVES: Record<ReturnState, readonly ReturnState[]> = {
  requested: ['approved', 'rejected'],
  approved: ['in_transit', 'received', 'rejected', 'expired'],
  in_transit: ['received', 'rejected', 'expired'],
  received: ['inspected', 'rejected'],
  inspected: ['refunded'],
  rejected: [],
  refunded: [],
  expired: [],
};

/** Days after delivery within which a return may be requested; the European minimum is 14. */
export const RETURN_WINDOW_DAYS = 30;
export const RETURN_REASON_LENGTH_MAX = 500;
/** Days within which an approved return has to be sent; its label is void afterwards. */
export const RETURN_SEND_DAYS = 30;

/** A store's rules for what comes back. */
export interface ReturnSettings {
  /** Where returned parcels go; absent: Holdfast's own address. */
  address?: Address | undefined;
  /** The location at which their units are put on hand again. */
  location: string;
  /** A person accepts or refuses what has arrived; else all of it is accepted on arrival. */
  inspects: boolean;
}
export const RETURN_SETTINGS: ReturnSettings = { location: DEFAULT_LOCATION, inspects: false };

const REFUND_REASON = 'return ';
/** The reason of a return's refund, also when an operator grants it again. */
export const refundReasonOf = (returnId: string): string => `${REFUND_REASON}${returnId}`;
/** The return of such a reason; undefined for any other refund. */
export const returnOfRefund = (reason: string): string | undefined => {
  const id = reason.slice(REFUND_REASON.length);
  return reason.startsWith(REFUND_REASON) && isId('return', id) ? id : undefined;
};

export interface ReturnLine {
  sku: string;
  quantity: number;
}

export interface ReturnInput {
  status: OrderStatus;
  /** When the parcel arrived; undefined before delivery. */
  deliveredAt: Date | undefined;
  after: AfterCapture;
  wanted: readonly ReturnLine[];
  /** An operator grants it although no money is left, as it was given back before. */
  isGranted?: boolean;
}

const refused = (message: string, facts?: Record<string, unknown>): DomainError =>
  new DomainError('RETURN_REFUSED', message, facts && { facts });

const assertInTime = ({ status, deliveredAt }: ReturnInput, nowMs: number): void => {
  if (status !== 'delivered' || !deliveredAt) {
    throw refused('only what was delivered can be returned');
  }
  const windowMs = RETURN_WINDOW_DAYS * 24 * 3_600_000;
  if (nowMs <= deliveredAt.getTime() + windowMs) return;
  throw refused(`returns end ${RETURN_WINDOW_DAYS} days after delivery`);
};

/**
 * The demand of a return, each sku once, and its worth in minor units: the paid price, in whole
 * steps of the provider, at most the money that is left. Throws INVALID_INPUT for a sku that was
 * not bought, RETURN_REFUSED with the reason otherwise.
 */
export const valueReturn = (input: ReturnInput, nowMs: number) => {
  const { after, wanted, isGranted = false } = input;
  const lines = demandOf(wanted);
  assertInTime(input, nowMs);
  let worthMinor = 0;
  for (const [at, { sku, quantity }] of lines.entries()) {
    const bought = after.bought.find((line) => line.sku === sku);
    if (!bought) throw invalid(`lines.${at}.sku`, 'was not bought in this order');
    const left = leftUnits(after, sku);
    if (quantity > left) {
      throw refused(`of ${sku} only ${left} can be returned`, { sku, returnable: left });
    }
    worthMinor += bought.unitMinor * quantity;
  }
  const refundMinor = Math.min(wholeStepsFrom(worthMinor, after.currency), leftMinor(after));
  if (refundMinor === 0 && worthMinor > 0 && !isGranted) {
    throw refused('its money has been given back already');
  }
  return { lines, refundMinor };
};

/** What a person says of a return: its units are accepted in whole or in part, or refused. */
export interface Inspection {
  /** Absent: all of them. */
  accepted?: readonly ReturnLine[] | undefined;
  /** Why units are refused; for the shopper. */
  note?: string | undefined;
}

/**
 * The accepted units, each sku once, and their worth, at most what the return promised, in minor
 * units. INVALID_INPUT for units that are not the return's.
 */
export const inspectedOf = (
  { lines: bought, currency }: { lines: readonly OrderLine[]; currency: Currency },
  { lines, refundMinor }: { lines: readonly ReturnLine[]; refundMinor: number },
  { accepted = lines }: Inspection,
) => {
  const kept = demandOf(accepted);
  let worthMinor = 0;
  for (const [at, { sku, quantity }] of kept.entries()) {
    const sent = lines.find((line) => line.sku === sku)?.quantity ?? 0;
    if (quantity > sent) throw invalid(`lines.${at}.quantity`, `is more than the ${sent} returned`);
    worthMinor += (bought.find((line) => line.sku === sku)?.unitMinor ?? 0) * quantity;
  }
  const worth = wholeStepsFrom(worthMinor, currency);
  return { accepted: kept, refundMinor: Math.min(worth, refundMinor) };
};
