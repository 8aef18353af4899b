// Reads amounts as shops write them: "1,299.00", "1 299,00 €", "15.00 USD".
import type { DecimalSign } from '../../domain/catalogue/import-report.ts';
import { isCurrency, type Currency } from '../../domain/money.ts';

/** A cell that is an amount: its number as written, and the currency beside it. */
export interface Amount {
  number: string;
  code: string | undefined;
  symbol: string | undefined;
}

/** A cell as messages show it. */
const CELL_SHOWN_MAX = 60;
export const shownCell = (text: string): string => text.slice(0, CELL_SHOWN_MAX);

const UNIT = String.raw`(?:(?<code>[A-Za-z]{3})|(?<symbol>\p{Sc}))?`;
const NUMBER = String.raw`(?<number>\d[\d.,'’\s]*(?<=\d))`;
const BEFORE = new RegExp(String.raw`^${UNIT}\s*${NUMBER}$`, 'u');
const AFTER = new RegExp(String.raw`^${NUMBER}\s*${UNIT}$`, 'u');

export const amountOf = (text: string): Amount | undefined => {
  const groups = (BEFORE.exec(text) ?? AFTER.exec(text))?.groups;
  if (!groups?.['number']) return undefined;
  const { number, code, symbol } = groups;
  return { number, code: code?.toUpperCase(), symbol };
};

const WHOLE = /^\d{1,12}$/;
/** Thousands with one sign throughout; Indian numbers have groups of two before the last. */
const GROUPED = /^[1-9]\d{0,2}(?<sign>[.,'’\s])(?:\d{2,3}\k<sign>)*\d{3}$/u;
const FRACTION = /^\d+$/;

/** The number with a point and nothing else, or undefined when this sign makes no sense of it. */
export const withPoint = (number: string, decimal: DecimalSign): string | undefined => {
  const [whole = '', fraction, ...more] = number.split(decimal);
  if (more.length > 0 || (fraction !== undefined && !FRACTION.test(fraction))) return undefined;
  if (!WHOLE.test(whole) && !GROUPED.test(whole)) return undefined;
  const digits = whole.replace(/\D/g, '');
  return fraction === undefined ? digits : `${digits}.${fraction}`;
};

/** What a number says of the file's decimal sign. */
export type Evidence = DecimalSign | 'none' | 'doubtful';

/** "12,50" has a comma, "12" says nothing, and "1,299" may be either. */
export const evidenceOf = (number: string): Evidence => {
  const point = withPoint(number, '.');
  const comma = withPoint(number, ',');
  if (point === comma) return 'none';
  if (point !== undefined && comma !== undefined) return 'doubtful';
  return point === undefined ? ',' : '.';
};

/** Currencies that have a sign of their own; of shared signs, every currency that uses it. */
const SIGNS: Record<string, string> = {
  '€': 'EUR',
  '£': 'GBP EGP LBP SDG SSP SYP GIP FKP SHP',
  '¥': 'JPY CNY',
  '₩': 'KRW KPW',
  '₫': 'VND',
  '₹': 'INR',
  '₽': 'RUB',
  '₺': 'TRY',
  '₴': 'UAH',
  '₪': 'ILS',
  '฿': 'THB',
  '₱': 'PHP',
  '₦': 'NGN',
  '₸': 'KZT',
  '₡': 'CRC',
  '₲': 'PYG',
  '₵': 'GHS',
  '₭': 'LAK',
  '₮': 'MNT',
  '៛': 'KHR',
  '₼': 'AZN',
  '₾': 'GEL',
};
/** Some thirty currencies are called dollars or pesos. */
const DOLLAR =
  'USD AUD CAD NZD SGD HKD TWD MXN ARS CLP COP UYU BRL BBD BMD BND BSD BZD CVE DOP FJD GYD JMD ' +
  'KYD LRD NAD NIO SBD SRD TTD XCD ZWG';

/** True unless the code or sign beside the amount is another currency's. */
export const agrees = ({ code, symbol }: Amount, currency: Currency): boolean => {
  if (code !== undefined) return code === currency;
  if (symbol === undefined) return true;
  return (symbol === '$' ? DOLLAR : (SIGNS[symbol] ?? '')).split(' ').includes(currency);
};

/** The currency that a code beside the amount names. */
export const currencyBeside = (amount: Amount | undefined): Currency | undefined =>
  amount && isCurrency(amount.code) ? amount.code : undefined;
