// Tests which totals a card can pay.
import { expect, test } from 'bun:test';
import { assertChargeable, assertWholeSteps, wholeStepsFrom } from './charges.ts';
import { DomainError } from './errors.ts';
import type { Currency } from './money.ts';

const refusal = (totalMinor: number, currency: Currency): string | undefined => {
  try {
    assertChargeable(totalMinor, currency);
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? `${error.code}: ${error.message}` : 'another error';
  }
};

test.each<[number, Currency, boolean]>([
  [50, 'USD', true],
  [49, 'USD', false],
  [30, 'GBP', true],
  [29, 'GBP', false],
  [50, 'JPY', true],
  [49, 'JPY', false],
  [200, 'KWD', true],
  [190, 'KWD', false],
  [1_001, 'KWD', false],
  [12_345, 'KWD', false],
  [12_340, 'KWD', true],
  [1_250, 'MGA', false],
  [1_200, 'MGA', true],
  [1, 'ISK', true],
  [999_999, 'UGX', true],
  [1_000_000, 'UGX', false],
  [99_999_999, 'USD', true],
  [100_000_000, 'USD', false],
  [2_000_000_000, 'IDR', true],
  [10_000, 'LYD', false],
])('%d minor units of %s', (minor, currency, isChargeable) => {
  expect(refusal(minor, currency) === undefined).toBe(isChargeable);
});

test('a refusal says the least amount and the step, in the units of the API', () => {
  expect(refusal(1_001, 'KWD')).toBe(
    'AMOUNT_NOT_CHARGEABLE: a card is charged 0.2 to 99999.99 KWD, in steps of 0.01',
  );
});

test('a currency that the provider does not take is said to be so', () => {
  expect(refusal(10_000, 'LYD')).toBe('AMOUNT_NOT_CHARGEABLE: a card cannot pay in LYD');
});

test('money is given back in whole steps, and what is owed is rounded for the shopper', () => {
  expect(() => assertWholeSteps(12_345, 'KWD')).toThrow('in steps of 0.01 KWD');
  expect(() => assertWholeSteps(12_340, 'KWD')).not.toThrow();
  expect(() => assertWholeSteps(1, 'LYD')).not.toThrow();
  expect(wholeStepsFrom(12_345, 'KWD')).toBe(12_350);
  expect(wholeStepsFrom(1_201, 'MGA')).toBe(1_300);
  expect(wholeStepsFrom(1, 'USD')).toBe(1);
});
