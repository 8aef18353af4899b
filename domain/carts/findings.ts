// Compares a cart's line with current price and stock and reports differences as codes.
import type { Currency } from '../money.ts';
import type { CartLine } from './cart.ts';

/** Codes are stable, as error codes are; a line may have several. */
export const CART_FINDINGS = [
  /** Withdrawn or deleted. */
  'NOT_FOR_SALE',
  'PRICE_CHANGED',
  /** No unit is available. */
  'OUT_OF_STOCK',
  /** Fewer units are available than the line has. */
  'FEWER_LEFT',
  /** Products is unavailable; the line shows the last known price. */
  'PRICE_UNKNOWN',
  /** Inventory is unavailable. */
  'STOCK_UNKNOWN',
] as const;
export type CartFinding = (typeof CART_FINDINGS)[number];

/** A field is `undefined` when its service is unavailable. */
export interface PresentFacts {
  /** Prices of the skus that are for sale. */
  prices: Map<string, { unitMinor: number; currency: Currency }> | undefined;
  available: Map<string, number> | undefined;
}

export interface JudgedLine {
  line: CartLine;
  /** The current price, or the last shown price when the current one is unknown. */
  unitMinor: number;
  currency: Currency;
  available: number | undefined;
  findings: CartFinding[];
}

const stockFindings = (quantity: number, available: number | undefined): CartFinding[] => {
  if (available === undefined) return ['STOCK_UNKNOWN'];
  if (available === 0) return ['OUT_OF_STOCK'];
  return available < quantity ? ['FEWER_LEFT'] : [];
};

/** The line with its current price, available units and findings. */
export const judgeLine = (line: CartLine, { prices, available }: PresentFacts): JudgedLine => {
  const { sku, quantity, unitMinor, currency } = line;
  const shown = { line, unitMinor, currency };
  const price = prices?.get(sku);
  if (prices && !price) return { ...shown, available: undefined, findings: ['NOT_FOR_SALE'] };
  // A sku that Inventory has never counted has no units.
  const left = available && (available.get(sku) ?? 0);
  const stock = stockFindings(quantity, left);
  if (!price) return { ...shown, available: left, findings: ['PRICE_UNKNOWN', ...stock] };
  const isSame = price.unitMinor === unitMinor && price.currency === currency;
  const findings: CartFinding[] = isSame ? stock : ['PRICE_CHANGED', ...stock];
  return { line, ...price, available: left, findings };
};
