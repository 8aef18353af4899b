// Money: integers of minor units internally, JSON numbers with the currency's decimals in APIs.
import { invalid } from './errors.ts';

/**
 * Decimals of each currency that is tender somewhere, by ISO 4217's list one as of 2026-01-01
 * (https://www.iso.org/iso-4217-currency-codes.html): without metals, funds, units of account and
 * test codes.
 */
// prettier-ignore
const DECIMALS = {
  AED: 2, AFN: 2, ALL: 2, AMD: 2, AOA: 2, ARS: 2, AUD: 2, AWG: 2, AZN: 2, BAM: 2, BBD: 2, BDT: 2,
  BHD: 3, BIF: 0, BMD: 2, BND: 2, BOB: 2, BRL: 2, BSD: 2, BTN: 2, BWP: 2, BYN: 2, BZD: 2, CAD: 2,
  CDF: 2, CHF: 2, CLP: 0, CNY: 2, COP: 2, CRC: 2, CUP: 2, CVE: 2, CZK: 2, DJF: 0, DKK: 2, DOP: 2,
  DZD: 2, EGP: 2, ERN: 2, ETB: 2, EUR: 2, FJD: 2, FKP: 2, GBP: 2, GEL: 2, GHS: 2, GIP: 2, GMD: 2,
  GNF: 0, GTQ: 2, GYD: 2, HKD: 2, HNL: 2, HTG: 2, HUF: 2, IDR: 2, ILS: 2, INR: 2, IQD: 3, IRR: 2,
  ISK: 0, JMD: 2, JOD: 3, JPY: 0, KES: 2, KGS: 2, KHR: 2, KMF: 0, KPW: 2, KRW: 0, KWD: 3, KYD: 2,
  KZT: 2, LAK: 2, LBP: 2, LKR: 2, LRD: 2, LSL: 2, LYD: 3, MAD: 2, MDL: 2, MGA: 2, MKD: 2, MMK: 2,
  MNT: 2, MOP: 2, MRU: 2, MUR: 2, MVR: 2, MWK: 2, MXN: 2, MYR: 2, MZN: 2, NAD: 2, NGN: 2, NIO: 2,
  NOK: 2, NPR: 2, NZD: 2, OMR: 3, PAB: 2, PEN: 2, PGK: 2, PHP: 2, PKR: 2, PLN: 2, PYG: 0, QAR: 2,
  RON: 2, RSD: 2, RUB: 2, RWF: 0, SAR: 2, SBD: 2, SCR: 2, SDG: 2, SEK: 2, SGD: 2, SHP: 2, SLE: 2,
  SOS: 2, SRD: 2, SSP: 2, STN: 2, SVC: 2, SYP: 2, SZL: 2, THB: 2, TJS: 2, TMT: 2, TND: 3, TOP: 2,
  TRY: 2, TTD: 2, TWD: 2, TZS: 2, UAH: 2, UGX: 0, USD: 2, UYU: 2, UZS: 2, VED: 2, VES: 2, VND: 0,
  VUV: 0, WST: 2, XAF: 0, XCD: 2, XCG: 2, XOF: 0, XPF: 0, YER: 2, ZAR: 2, ZMW: 2, ZWG: 2,
} as const;

export type Currency = keyof typeof DECIMALS;
export const CURRENCIES = Object.keys(DECIMALS) as [Currency, ...Currency[]];
export const DEFAULT_CURRENCY: Currency = 'USD';

/** Largest amount of one price or order, in minor units: that of Postgres' `integer`. */
export const AMOUNT_MINOR_MAX = 2_147_483_647;

export const isCurrency = (value: unknown): value is Currency =>
  typeof value === 'string' && Object.hasOwn(DECIMALS, value);

export const currencyOf = (value: string): Currency => {
  if (!isCurrency(value)) throw invalid('currency', 'is not a currency of ISO 4217');
  return value;
};

/** Digits after the decimal sign, by ISO 4217. */
export const decimalsOf = (currency: Currency): number => DECIMALS[currency];

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

/** Adds `quantity × unitMinor` over lines; exact for every order that the limits allow. */
export const sumMinor = (lines: { unitMinor: number; quantity: number }[]): number =>
  lines.reduce((sum, line) => sum + line.unitMinor * line.quantity, 0);
