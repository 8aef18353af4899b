// Tests what follows a decline: an ending, another card, the same card later, or an order kept.
import { describe, expect, test } from 'bun:test';
import { decideDecline } from './declines.ts';

const FIRST = { tries: 1, cards: 1, isKept: false };

describe('a decline', () => {
  test('for good ends the order, whether its code is known or not', () => {
    for (const code of ['do_not_honor', 'stolen_card', 'generic_decline', 'constructor']) {
      expect(decideDecline(code, FIRST).step).toBe('stop');
    }
  });

  test('for good keeps an order that is to be kept, until its third card', () => {
    const kept = (cards: number) =>
      decideDecline('do_not_honor', { ...FIRST, cards, isKept: true });
    expect(kept(1)).toMatchObject({ step: 'another_card', waitMs: 180_000 });
    expect(kept(2).step).toBe('another_card');
    expect(kept(3).step).toBe('stop');
  });

  test('says the same of a stolen card as of any other', () => {
    const messageOf = (code: string) => decideDecline(code, { ...FIRST, isKept: true }).message;
    expect(messageOf('stolen_card')).toBe(messageOf('do_not_honor'));
  });

  test('that the shopper can correct needs another card, in the same window', () => {
    const decision = decideDecline('insufficient_funds', { ...FIRST, isKept: true });
    expect([decision.step, decision.waitMs]).toEqual(['another_card', undefined]);
  });

  test('for now is tried again three times, then needs another card', () => {
    const stepOf = (tries: number) => decideDecline('try_again_later', { ...FIRST, tries }).step;
    expect([1, 2, 3, 4].map(stepOf)).toEqual(['retry', 'retry', 'retry', 'another_card']);
  });
});
