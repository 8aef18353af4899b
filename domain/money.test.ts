// Tests that JSON numbers convert to minor units without error and that other values are refused.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DomainError } from './errors.ts';
import {
  AMOUNT_MINOR_MAX,
  CURRENCIES,
  currencyOf,
  decimalsOf,
  isCurrency,
  minorFromNumber,
  numberFromMinor,
  sumMinor,
  type Currency,
} from './money.ts';

const refusalOf = (work: () => unknown): DomainError => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

const currency = fc.constantFrom(...CURRENCIES);
const amountMinor = fc.integer({ min: 0, max: AMOUNT_MINOR_MAX });

describe('an amount', () => {
  const READ: [value: number, currency: Currency, amountMinor: number][] = [
    [29.99, 'USD', 2999],
    [0.29, 'EUR', 29],
    [1.1, 'GBP', 110],
    [1.005, 'KWD', 1005],
    [0.001, 'KWD', 1],
    [4, 'CAD', 400],
    [500, 'JPY', 500],
    [0, 'USD', 0],
    [21_474_836.47, 'USD', AMOUNT_MINOR_MAX],
    [12.5, 'MGA', 1250],
    [12.345, 'IQD', 12_345],
    [150_000_000, 'VND', 150_000_000],
  ];
  test.each(READ)('of %p %s is %p minor units', (value, code, minor) => {
    expect(minorFromNumber(value, code)).toBe(minor);
  });

  const REFUSED: [what: string, value: number, currency: Currency, why: string][] = [
    ['below zero', -0.01, 'USD', 'zero or more'],
    ['of minus zero', -0, 'USD', 'zero or more'],
    ['that is not a number', Number.NaN, 'USD', 'zero or more'],
    ['of infinity', Number.POSITIVE_INFINITY, 'USD', 'zero or more'],
    ['of minus infinity', Number.NEGATIVE_INFINITY, 'USD', 'zero or more'],
    ['with a digit too many', 1.234, 'USD', 'more than 2 decimals'],
    ['with a fraction of a yen', 1.5, 'JPY', 'more than 0 decimals'],
    ['with four decimals of a dinar', 0.0001, 'KWD', 'more than 3 decimals'],
    ['too small to be written out', 1e-7, 'USD', 'too many digits'],
    ['too large to be written out', 1e21, 'USD', 'too many digits'],
    ['one cent above the largest', 21_474_836.48, 'USD', 'too large'],
    ['one yen above the largest', AMOUNT_MINOR_MAX + 1, 'JPY', 'too large'],
  ];
  test.each(REFUSED)('%s is refused', (_what, value, code, why) => {
    const refusal = refusalOf(() => minorFromNumber(value, code, 'variants.0.price'));
    expect(refusal.code).toBe('INVALID_INPUT');
    expect(refusal.fields[0]?.path).toBe('variants.0.price');
    expect(refusal.fields[0]?.message).toContain(why);
  });

  test('survives the round trip through its JSON number', () => {
    fc.assert(
      fc.property(amountMinor, currency, (minor, code) => {
        const shown = numberFromMinor(minor, code);
        expect(minorFromNumber(JSON.parse(JSON.stringify(shown)) as number, code)).toBe(minor);
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });

  test('is written as the number nearest to its decimal digits', () => {
    fc.assert(
      fc.property(amountMinor, currency, (minor, code) => {
        expect(numberFromMinor(minor, code).toFixed(decimalsOf(code))).toBe(
          (minor / 10 ** decimalsOf(code)).toFixed(decimalsOf(code)),
        );
      }),
      { seed: 7 },
    );
  });
});

describe('a currency', () => {
  test.each(CURRENCIES)('%s is supported, with the decimals that Intl knows', (code) => {
    expect(isCurrency(code)).toBe(true);
    expect(currencyOf(code)).toBe(code);
    const format = new Intl.NumberFormat('en', { style: 'currency', currency: code });
    expect(format.resolvedOptions().maximumFractionDigits).toBe(decimalsOf(code));
  });

  test.each([
    [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'],
    [3, 'BHD IQD JOD KWD LYD OMR TND'],
  ])('has two decimals, or %d where ISO 4217 says so', (decimals, codes) => {
    const found = CURRENCIES.filter((code) => decimalsOf(code) === decimals);
    expect(found.join(' ')).toBe(codes);
    expect(CURRENCIES).toHaveLength(155);
  });

  test.each('XAU XAG XPT XXX XTS XDR BOV CHE CHW CLF COU MXV USN UYI UYW HRK ANG SLL'.split(' '))(
    '%s is none: a metal, a fund, a test code, or withdrawn',
    (code) => expect(isCurrency(code)).toBe(false),
  );

  test.each(['usd', 'XXX', '', 'toString', '__proto__'])('%p is refused', (code) => {
    expect(isCurrency(code)).toBe(false);
    const refusal = refusalOf(() => currencyOf(code));
    expect(refusal.code).toBe('INVALID_INPUT');
    expect(refusal.fields[0]?.path).toBe('currency');
  });

  test('is always a text', () => {
    for (const value of [undefined, null, 2, {}, ['USD']]) expect(isCurrency(value)).toBe(false);
  });
});

describe('a sum of lines', () => {
  test('is quantity times unit, over every line', () => {
    expect(sumMinor([])).toBe(0);
    expect(
      sumMinor([
        { unitMinor: 2999, quantity: 3 },
        { unitMinor: 1, quantity: 10 },
      ]),
    ).toBe(9007);
  });
});
