// The card provider's currencies as its page states them, in its units, apart from Holdfast's own
// table: https://docs.stripe.com/currencies
import { invalidRequest } from './objects.ts';

/** "Supported presentment currencies" of all accounts, and those of three decimals. */
const SUPPORTED = new Set(
  (
    'aed afn all amd ang aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp byn bzd ' +
    'cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf ' +
    'gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp ' +
    'lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr ' +
    'pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl ' +
    'thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar ' +
    'zmw'
  ).split(' '),
);

/** "Special cases": amounts with two decimals that are always 00. */
const WHOLE = ['isk', 'ugx'];
/** "Three-decimal currencies": the last digit is 0. */
const THREE_DECIMALS = ['bhd', 'jod', 'kwd', 'omr', 'tnd'];

const stepOf = (currency: string): number => {
  if (WHOLE.includes(currency)) return 100;
  return THREE_DECIMALS.includes(currency) ? 10 : 1;
};

/** "Minimum charge amount by currency"; of others the account's payout currency decides. */
const OF_FIFTY = 'usd ars aud brl cad chf cop eur idr ils inr jpy krw nzd php rub sgd zar'.split(
  ' ',
);
const MINIMUM: Record<string, number> = {
  aed: 200,
  czk: 1_500,
  dkk: 250,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  mxn: 1_000,
  myr: 200,
  nok: 300,
  pln: 200,
  ron: 200,
  sek: 300,
  thb: 1_000,
};

const minimumOf = (currency: string): number =>
  OF_FIFTY.includes(currency) ? 50 : (MINIMUM[currency] ?? 1);

/** "Maximum charge amounts", of the least of all payment methods. */
const MAXIMUM: Record<string, number> = {
  cop: 9_999_999_999,
  idr: 999_999_999_999,
  inr: 999_999_999,
};
const OTHER_MAXIMUM = 99_999_999;

export const isSupported = (currency: string): boolean => SUPPORTED.has(currency);

/** Refuses an amount that is no whole step of its currency, also of a part of a charge. */
export const assertWhole = (amount: number, currency: string, param = 'amount'): number => {
  const step = stepOf(currency);
  if (amount % step === 0) return amount;
  const message = `Invalid amount: in ${currency} it must be evenly divisible by ${step}`;
  throw invalidRequest(message, { param });
};

/** Refuses an amount that cannot be charged in its currency. */
export const assertChargeable = (amount: number, currency: string): number => {
  const [least, most] = [minimumOf(currency), MAXIMUM[currency] ?? OTHER_MAXIMUM];
  if (amount < least) {
    const code = 'amount_too_small';
    throw invalidRequest(`Amount must be at least ${least}`, { code, param: 'amount' });
  }
  if (amount > most) {
    const code = 'amount_too_large';
    throw invalidRequest(`Amount must be no more than ${most}`, { code, param: 'amount' });
  }
  return assertWhole(amount, currency);
};
