// What is to be told of a cart's line when it is read: never changed silently, always by a code.
import type { Currency } from '../money.ts';
import type { CartLine } from './cart.ts';

/** Stable, as error codes are; a line may have several. */
export const CART_FINDINGS = [
  /** Withdrawn, or not there any more. */
  'NOT_FOR_SALE',
  'PRICE_CHANGED',
  /** Sold out. */
  'OUT_OF_STOCK',
  /** Fewer are left than are wanted. */
  'FEWER_LEFT',
  /** Products cannot be asked just now: what was shown last is shown. */
  'PRICE_UNKNOWN',
  /** Inventory cannot be asked just now. */
  'STOCK_UNKNOWN',
] as const;
export type CartFinding = (typeof CART_FINDINGS)[number];

/** `undefined` where the service behind it could not be asked. */
export interface PresentFacts {
  /** Skus that are for sale. */
  prices: Map<string, { unitMinor: number; currency: Currency }> | undefined;
  available: Map<string, number> | undefined;
}

export interface JudgedLine {
  line: CartLine;
  /** The present price, or what was shown last while nobody can say. */
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

/** A line as it stands now. */
export const judgeLine = (line: CartLine, { prices, available }: PresentFacts): JudgedLine => {
  const { sku, quantity, unitMinor, currency } = line;
  const shown = { line, unitMinor, currency };
  const price = prices?.get(sku);
  if (prices && !price) return { ...shown, available: undefined, findings: ['NOT_FOR_SALE'] };
  // What Inventory has never counted is not there.
  const left = available && (available.get(sku) ?? 0);
  const stock = stockFindings(quantity, left);
  if (!price) return { ...shown, available: left, findings: ['PRICE_UNKNOWN', ...stock] };
  const isSame = price.unitMinor === unitMinor && price.currency === currency;
  const findings: CartFinding[] = isSame ? stock : ['PRICE_CHANGED', ...stock];
  return { line, ...price, available: left, findings };
};
