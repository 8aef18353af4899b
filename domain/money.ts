// Money: integers of minor units internally, JSON numbers with the currency's decimals in APIs.
import { invalid } from './errors.ts';

/** Decimals per currency (ISO 4217); other currencies are refused. */
const DECIMALS = { USD: 2, EUR: 2, GBP: 2, CAD: 2, AUD: 2, JPY: 0, KWD: 3 } as const;

export type Currency = keyof typeof DECIMALS;
export const CURRENCIES = Object.keys(DECIMALS) as [Currency, ...Currency[]];
export const DEFAULT_CURRENCY: Currency = 'USD';

/** Largest amount of one price or order, in minor units (Stripe accepts eight digits). */
export const AMOUNT_MINOR_MAX = 99_999_999;

export const isCurrency = (value: unknown): value is Currency =>
  typeof value === 'string' && Object.hasOwn(DECIMALS, value);

export const currencyOf = (value: string): Currency => {
  if (!isCurrency(value)) throw invalid('currency', `is not one of ${CURRENCIES.join(', ')}`);
  return value;
};

/**
 * Reads a JSON number as minor units, digit by digit, so 29.99 is 2999 and never 2998. Throws
 * INVALID_INPUT at `path` for negative, non-finite, too large or over-precise amounts.
 */
export const minorFromNumber = (value: number, currency: Currency, path = 'price'): number => {
  if (!Number.isFinite(value) || value < 0 || Object.is(value, -0)) {
    throw invalid(path, 'must be a number of zero or more');
  }
  const digits = /^(\d+)(?:\.(\d+))?$/.exec(String(value));
  if (!digits) throw invalid(path, 'has too many digits');
  const [, whole = '0', fraction = ''] = digits;
  const decimals = DECIMALS[currency];
  if (fraction.length > decimals) {
    throw invalid(path, `has more than ${decimals} decimals, which ${currency} does not have`);
  }
  const amountMinor = Number(whole + fraction.padEnd(decimals, '0'));
  if (amountMinor > AMOUNT_MINOR_MAX) throw invalid(path, 'is too large');
  return amountMinor;
};

/** Minor units as a JSON number with the currency's decimals: 2999 USD is 29.99. */
export const numberFromMinor = (amountMinor: number, currency: Currency): number => {
  const decimals = DECIMALS[currency];
  if (decimals === 0) return amountMinor;
  const text = String(amountMinor).padStart(decimals + 1, '0');
  return Number(`${text.slice(0, -decimals)}.${text.slice(-decimals)}`);
};

/**
 * Adds `quantity × unitMinor` over lines. Throws INVALID_INPUT when the sum exceeds
 * AMOUNT_MINOR_MAX.
 */
export const sumMinor = (lines: { unitMinor: number; quantity: number }[]): number => {
  const total = lines.reduce((sum, line) => sum + line.unitMinor * line.quantity, 0);
  if (total > AMOUNT_MINOR_MAX) throw invalid('lines', 'make a total that is too large');
  return total;
};
