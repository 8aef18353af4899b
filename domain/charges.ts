// What the card provider charges at all: its currencies, and the least, most and step of each.
import { DomainError } from './errors.ts';
import { AMOUNT_MINOR_MAX, numberFromMinor, type Currency } from './money.ts';

/** Amounts in our minor units. */
export interface ChargeRule {
  leastMinor: number;
  mostMinor: number;
  /** An amount is a multiple of this many minor units. */
  stepMinor: number;
}

/**
 * https://docs.stripe.com/currencies#presentment-currencies, without those that are no tender any
 * more. Those of three decimals are for accounts of some countries only; the provider itself
 * refuses the others.
 */
const CHARGED = new Set<Currency>(
  (
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD ' +
    'CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ ' +
    'GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR ' +
    'LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB ' +
    'PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS ' +
    'TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW'
  ).split(' ') as Currency[],
);

/**
 * https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. Others have to be worth
 * the least of the currency that the account is paid out in, which the provider judges; KWD is
 * worth more than three dollars.
 */
const LEAST_MINOR: Partial<Record<Currency, number>> = {
  AED: 200,
  ARS: 50,
  AUD: 50,
  BRL: 50,
  CAD: 50,
  CHF: 50,
  COP: 50,
  CZK: 1_500,
  DKK: 250,
  EUR: 50,
  GBP: 30,
  HKD: 400,
  HUF: 17_500,
  IDR: 50,
  ILS: 50,
  INR: 50,
  JPY: 50,
  KRW: 50,
  KWD: 200,
  MXN: 1_000,
  MYR: 200,
  NOK: 300,
  NZD: 50,
  PHP: 50,
  PLN: 200,
  RON: 200,
  RUB: 50,
  SEK: 300,
  SGD: 50,
  THB: 1_000,
  USD: 50,
  ZAR: 50,
};

/**
 * Steps of more than one minor unit. Currencies of three decimals end in 0, and MGA has no decimals
 * at the provider (https://docs.stripe.com/currencies#zero-decimal, #three-decimal).
 */
const STEP_MINOR: Partial<Record<Currency, number>> = {
  BHD: 10,
  JOD: 10,
  KWD: 10,
  OMR: 10,
  TND: 10,
  MGA: 100,
};

/**
 * The provider's amounts have eight digits (https://docs.stripe.com/api/payment_intents/create),
 * nine of INR, ten of COP and twelve of IDR; ISK and UGX have two decimals more there than here,
 * MGA two fewer. Cards of most networks may be charged more, which not every card can.
 */
const MOST_MINOR = 99_999_999;
const OTHER_MOST_MINOR: Partial<Record<Currency, number>> = {
  COP: AMOUNT_MINOR_MAX,
  IDR: AMOUNT_MINOR_MAX,
  INR: 999_999_999,
  ISK: 999_999,
  UGX: 999_999,
  MGA: AMOUNT_MINOR_MAX,
};

const stepOf = (currency: Currency): number => STEP_MINOR[currency] ?? 1;

/** What a card is charged in a currency; undefined for one that the provider does not take. */
export const chargeRuleOf = (currency: Currency): ChargeRule | undefined => {
  if (!CHARGED.has(currency)) return undefined;
  const stepMinor = stepOf(currency);
  const most = OTHER_MOST_MINOR[currency] ?? MOST_MINOR;
  return {
    leastMinor: LEAST_MINOR[currency] ?? stepMinor,
    mostMinor: most - (most % stepMinor),
    stepMinor,
  };
};

const refused = (message: string, facts: Record<string, unknown>): DomainError =>
  new DomainError('AMOUNT_NOT_CHARGEABLE', message, { facts });

/**
 * AMOUNT_NOT_CHARGEABLE, with the currency's rule, for a total that no card can pay, and for any
 * total of a currency that the provider does not take.
 */
export const assertChargeable = (totalMinor: number, currency: Currency): void => {
  const total = numberFromMinor(totalMinor, currency);
  const rule = chargeRuleOf(currency);
  if (!rule) throw refused(`a card cannot pay in ${currency}`, { total, currency });
  const { leastMinor, mostMinor, stepMinor } = rule;
  const isWithin = totalMinor >= leastMinor && totalMinor <= mostMinor;
  if (isWithin && totalMinor % stepMinor === 0) return;
  const [least, most, step] = [leastMinor, mostMinor, stepMinor].map((minor) =>
    numberFromMinor(minor, currency),
  );
  const message = `a card is charged ${least} to ${most} ${currency}, in steps of ${step}`;
  throw refused(message, { total, least, most, step, currency });
};

/** AMOUNT_NOT_CHARGEABLE for an amount that a card cannot get back. */
export const assertWholeSteps = (amountMinor: number, currency: Currency): void => {
  if (amountMinor % stepOf(currency) === 0) return;
  const amount = numberFromMinor(amountMinor, currency);
  const step = numberFromMinor(stepOf(currency), currency);
  throw refused(`a card gets money back in steps of ${step} ${currency}`, {
    amount,
    step,
    currency,
  });
};

/** The amount that is owed, in whole steps: the shopper loses nothing of it. */
export const wholeStepsFrom = (amountMinor: number, currency: Currency): number => {
  const step = stepOf(currency);
  return Math.ceil(amountMinor / step) * step;
};
