// Converts amounts between our minor units and the units of the card provider's API.
import { decimalsOf, isCurrency, type Currency } from '../../domain/money.ts';

/**
 * Decimals of the provider's amounts where they are not those of ISO 4217. ISK and UGX have two,
 * always 00 (https://docs.stripe.com/currencies#special-cases); MGA has none
 * (https://docs.stripe.com/currencies#zero-decimal).
 */
const DECIMALS: Partial<Record<Currency, number>> = { ISK: 2, UGX: 2, MGA: 0 };

/** How many decimals more the provider's amounts have than ours. */
const moreDecimals = (currency: Currency): number => {
  const ours = decimalsOf(currency);
  return (DECIMALS[currency] ?? ours) - ours;
};

/** Moves the decimal sign without a fraction such as 0.01, which is not exact. */
const shifted = (amount: number, decimals: number): number =>
  decimals < 0 ? amount / 10 ** -decimals : amount * 10 ** decimals;

/** The amount to send; checkout and the rule of giving back refuse what is between its steps. */
export const amountOf = (amountMinor: number, currency: Currency): number => {
  const amount = shifted(amountMinor, moreDecimals(currency));
  if (Number.isInteger(amount)) return amount;
  throw new Error(`${amountMinor} minor units of ${currency} are no amount of the provider`);
};

/** What the provider says in our minor units; a currency that is not ours is left as it is. */
export const minorOf = (amount: number, code: string): number => {
  const currency = code.toUpperCase();
  return isCurrency(currency) ? shifted(amount, -moreDecimals(currency)) : amount;
};
