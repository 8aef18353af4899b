// What the card provider charges at all: the least amount of each currency, and its steps.
import { DomainError } from './errors.ts';
import { numberFromMinor, type Currency } from './money.ts';

interface ChargeRule {
  /** In minor units. */
  leastMinor: number;
  /** The amount is a multiple of this many minor units. */
  stepMinor: number;
}

/**
 * https://docs.stripe.com/currencies: minimum charge amounts (KWD has none there: half a dollar's
 * worth and some); of currencies with three decimals the last digit is 0. The largest amount, eight
 * digits, is AMOUNT_MINOR_MAX.
 */
export const CHARGE_RULES: Readonly<Record<Currency, ChargeRule>> = {
  USD: { leastMinor: 50, stepMinor: 1 },
  EUR: { leastMinor: 50, stepMinor: 1 },
  GBP: { leastMinor: 30, stepMinor: 1 },
  CAD: { leastMinor: 50, stepMinor: 1 },
  AUD: { leastMinor: 50, stepMinor: 1 },
  JPY: { leastMinor: 50, stepMinor: 1 },
  KWD: { leastMinor: 200, stepMinor: 10 },
};

/** AMOUNT_NOT_CHARGEABLE, with the currency's rule, for a total that no card can pay. */
export const assertChargeable = (totalMinor: number, currency: Currency): void => {
  const { leastMinor, stepMinor } = CHARGE_RULES[currency];
  if (totalMinor >= leastMinor && totalMinor % stepMinor === 0) return;
  const [total, least, step] = [totalMinor, leastMinor, stepMinor].map((minor) =>
    numberFromMinor(minor, currency),
  );
  const message = `a card is charged ${least} ${currency} or more, in steps of ${step}`;
  const facts = { total, least, step, currency };
  throw new DomainError('AMOUNT_NOT_CHARGEABLE', message, { facts });
};
