// Tests that card numbers are detected in any spacing and context, and other numbers are not.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { digitsIn, looksLikeCardNumber } from './card-numbers.ts';

/** Published test numbers of every length in use (Stripe, "Testing"; 19 digits by Luhn). */
const CARDS: [kind: string, card: string][] = [
  ['Visa', '4242424242424242'],
  ['Visa of 19 digits', '4000000000000000006'],
  ['Mastercard', '5555555555554444'],
  ['Mastercard of the 2 series', '2223003122003222'],
  ['American Express', '378282246310005'],
  ['Diners Club', '36227206271667'],
  ['Discover', '6011111111111117'],
  ['UnionPay', '6200000000000005'],
  ['JCB', '3566002020360505'],
];

const luhnDigit = (digits: string): string => {
  for (let last = 0; last < 10; last++) {
    const all = `${digits}${last}`.split('').toReversed().map(Number);
    const sum = all.reduce((total, digit, at) => {
      const doubled = digit * 2;
      return total + (at % 2 === 0 ? digit : Math.floor(doubled / 10) + (doubled % 10));
    }, 0);
    if (sum % 10 === 0) return String(last);
  }
  throw new Error('every number has a check digit');
};

/** Numbers of issued ranges without their check digit. */
const digits = fc.stringMatching(
  /^(4[0-9]{14}|4[0-9]{17}|5[1-5][0-9]{13}|37[0-9]{12}|36[0-9]{11}|6[0-9]{14,17})$/,
);
const inGroups = (card: string, separator: string): string =>
  (card.match(/.{1,4}/g) ?? []).join(separator);

describe('a card number', () => {
  test.each(CARDS)('of %s is detected', (_kind, card) => {
    expect(looksLikeCardNumber(card)).toBe(true);
  });

  test.each(CARDS)('of %s is detected in groups, with spaces or dashes', (_kind, card) => {
    expect(looksLikeCardNumber(inGroups(card, ' '))).toBe(true);
    expect(looksLikeCardNumber(inGroups(card, '-'))).toBe(true);
    expect(looksLikeCardNumber(card.split('').join(' '))).toBe(true);
  });

  const AROUND: [what: string, text: string][] = [
    ['in a sentence', 'please charge 4242 4242 4242 4242, thanks'],
    ['in JSON', '{"note":"4242424242424242","quantity":1}'],
    ['as a JSON number', '{"number":4242424242424242}'],
    ['between letters', 'card4242424242424242end'],
    ['after a shorter number', 'order 12: 4242424242424242'],
    ['after a number that is not a card', '1234567890123456, 4242-4242-4242-4242'],
    ['followed by its expiry', '4242 4242 4242 4242 12/28'],
    ['followed by its code', '4242424242424242 123'],
    ['followed by its expiry and code', '4242 4242 4242 4242 12 28 123'],
    ['after a number with a space', 'flat 7 4242 4242 4242 4242'],
    ['after a date', '2025-11-24 5555-5555-5555-4444'],
    ['of American Express as printed', '3782 822463 10005 07/29'],
  ];
  test.each(AROUND)('is detected %s', (_what, text) => {
    expect(looksLikeCardNumber(text)).toBe(true);
  });

  test('with one wrong digit is not detected', () => {
    fc.assert(
      fc.property(digits, fc.nat(), fc.integer({ min: 1, max: 9 }), (start, at, more) => {
        const card = start + luhnDigit(start);
        expect(looksLikeCardNumber(card)).toBe(true);
        expect(looksLikeCardNumber(inGroups(card, '-'))).toBe(true);
        const position = at % card.length;
        const wrong = (Number(card[position]) + more) % 10;
        const mistyped = card.slice(0, position) + String(wrong) + card.slice(position + 1);
        expect(looksLikeCardNumber(mistyped)).toBe(false);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('has at least 14 digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{1,13}$/), (short) => {
        expect(looksLikeCardNumber(short)).toBe(false);
        expect(looksLikeCardNumber(`${short}, ${short}`)).toBe(false);
      }),
      { seed: 7 },
    );
  });

  const NONE: [what: string, text: string][] = [
    ['nothing', ''],
    ['a telephone number', '+49 30 1234567'],
    ['prices', '{"price":29.99,"compareAt":39.99}'],
    ['an order id', 'ord_01jdc5t3v9k2m4n6p8q0r1s2t3'],
    ['sizes', '36 37 38 39 40 41 42 43 44'],
    ['digits separated by other characters', '4242_4242_4242_4242'],
    ['digits on several lines', '4242\n4242\n4242\n4242'],
    ['a wrong check digit', '4242 4242 4242 4241'],
    ['a barcode (EAN-13) with a valid check digit', '4006381333931, 4000000000006'],
    ['a time in milliseconds with a valid check digit', '1764000000006'],
    ['a number of no issuer with a valid check digit', '1234567812345670'],
    ['a number longer than any card', '00004242424242424242'],
  ];
  test.each(NONE)('is not detected in %s', (_what, text) => {
    expect(looksLikeCardNumber(text)).toBe(false);
  });

  const LARGE: [what: string, unit: string][] = [
    ['digits', '1'],
    ['single digits', '1 '],
    ['groups of three', '123 '],
    ['groups of four', '4242-'],
    ['groups of nineteen', '4000000000000000000 '],
    ['digits far apart', `1${' '.repeat(30)}`],
    ['separators', ' -'],
    ['long and short groups', `${'1'.repeat(30)} 123 `],
  ];
  test.each(LARGE)('is searched for in steps that are linear in a text of %s', (_what, unit) => {
    const stepsIn = (length: number): number => {
      let steps = 0;
      for (const digits of digitsIn(unit.repeat(length / unit.length))) {
        steps += Math.min(digits.length, 20);
      }
      return steps;
    };
    const [small, large] = [stepsIn(32 * 1024), stepsIn(256 * 1024)];
    expect(large).toBeLessThanOrEqual(small * 9);
    expect(large).toBeLessThanOrEqual(256 * 1024 * 20);
  });
});
