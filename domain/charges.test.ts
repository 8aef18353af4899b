// Tests which totals a card can pay.
import { expect, test } from 'bun:test';
import { assertChargeable } from './charges.ts';
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
])('%d minor units of %s', (minor, currency, isChargeable) => {
  expect(refusal(minor, currency) === undefined).toBe(isChargeable);
});

test('a refusal says the least amount and the step, in the units of the API', () => {
  expect(refusal(1_001, 'KWD')).toBe(
    'AMOUNT_NOT_CHARGEABLE: a card is charged 0.2 KWD or more, in steps of 0.01',
  );
});
