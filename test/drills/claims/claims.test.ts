// Tests the rule by which the drills judge what is claimed of an order after its delivery.
import { describe, expect, test } from 'bun:test';
import { claimsOf, settledOf, type Claim } from './claims.ts';

const kept = (quantity: number, claims: Claim[], decision?: string) => {
  const { keptMinor, lostMinor, refundsMinor, unitsBack } = settledOf(quantity, claims, decision);
  return [keptMinor, lostMinor, refundsMinor, unitsBack];
};

describe('the claims of a delivered order', () => {
  test('make a return worth what goodwill has left, and refuse it when nothing is', () => {
    const sent = { what: 'return', quantity: 1 } as const;
    expect(kept(2, [{ what: 'refund', amountMinor: 1_500 }, sent])).toEqual([
      0,
      0,
      [1_500, 500],
      1,
    ]);
    expect(kept(2, [{ what: 'refund' }, sent])).toEqual([0, 0, [2_000], 0]);
    const more = { what: 'refund', amountMinor: 1_500 } as const;
    expect(kept(2, [sent, more])).toEqual([1_000, 0, [1_000], 1]);
  });

  test('refund and put on hand what a person has accepted', () => {
    const inspected = (accepted: number): Claim[] => [
      { what: 'return', quantity: 3 },
      { what: 'inspection', accepted },
    ];
    expect(kept(3, inspected(2))).toEqual([1_000, 0, [2_000], 2]);
    expect(kept(3, inspected(0))).toEqual([3_000, 0, [], 0]);
    const lost: Claim = { what: 'dispute', amountMinor: 2_500, verdict: 'lost' };
    const [first, last] = inspected(2);
    expect(
      kept(
        3,
        [first, lost, last].flatMap((one) => one ?? []),
      ),
    ).toEqual([0, 2_500, [500], 2]);
  });

  test('grant a refund again that a won dispute has overtaken, when an operator does', () => {
    const claims: Claim[] = [{ what: 'overtaken', amountMinor: 500, verdict: 'won' }];
    expect(kept(2, claims, 'grant_again')).toEqual([1_500, 0, [500], 0]);
    expect(kept(2, claims, 'dismiss')).toEqual([2_000, 0, [], 0]);
  });

  test('are all made by some roll', () => {
    const seen = Array.from({ length: 1_000 }, (_, at) =>
      JSON.stringify(claimsOf({ kind: 'goodwill', roll: at / 1_000 })),
    );
    expect(new Set(seen).size).toBe(6);
    expect(claimsOf({ kind: 'pays', roll: 0.5 })).toEqual([]);
  });
});
