// Tests that an order makes every listed status move, no other move, and none from an ending.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DomainError } from './errors.ts';
import {
  assertMove,
  assertUnits,
  isCancellable,
  demandOf,
  isDecided,
  isEnding,
  ORDER_EVENTS,
  ORDER_MOVES,
  ORDER_STATUSES,
  type OrderStatus,
} from './order.ts';

/** The moves are repeated here on purpose, so that a change of the table changes this test too. */
const MOVES: [from: OrderStatus, to: OrderStatus][] = [
  ['accepted', 'awaiting_payment'],
  ['accepted', 'confirmed'],
  ['accepted', 'cancelled'],
  ['accepted', 'rejected'],
  ['accepted', 'expired'],
  ['awaiting_payment', 'confirmed'],
  ['awaiting_payment', 'cancelled'],
  ['awaiting_payment', 'rejected'],
  ['awaiting_payment', 'expired'],
  ['confirmed', 'packing'],
  ['confirmed', 'cancelled'],
  ['packing', 'shipped'],
  ['packing', 'cancelled'],
  ['shipped', 'delivered'],
  ['shipped', 'lost'],
  ['shipped', 'returned_to_sender'],
];
const isListed = (from: OrderStatus, to: OrderStatus): boolean =>
  MOVES.some(([a, b]) => a === from && b === to);
const OTHERS = ORDER_STATUSES.flatMap((from) =>
  ORDER_STATUSES.filter((to) => !isListed(from, to)).map((to) => [from, to] as const),
);
const ENDINGS: OrderStatus[] = [
  'delivered',
  'cancelled',
  'rejected',
  'expired',
  'lost',
  'returned_to_sender',
];

const refusalOf = (from: OrderStatus, to: OrderStatus): unknown => {
  try {
    assertMove(from, to);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('an order', () => {
  test.each(MOVES)('that is %s may become %s', (from, to) => {
    expect(refusalOf(from, to)).toBeUndefined();
  });

  test.each(OTHERS)('that is %s cannot become %s', (from, to) => {
    const refusal = refusalOf(from, to);
    expect(refusal).toBeInstanceOf(DomainError);
    expect(refusal).toMatchObject({ code: 'ILLEGAL_TRANSITION', facts: { from, to } });
  });

  test('has no moves beyond the listed ones', () => {
    expect(OTHERS.length + MOVES.length).toBe(ORDER_STATUSES.length ** 2);
    expect(Object.values(ORDER_MOVES).flat().length).toBe(MOVES.length);
  });

  test('never leaves an ending', () => {
    expect(ORDER_STATUSES.filter(isEnding)).toEqual(ENDINGS);
    for (const ending of ENDINGS) {
      for (const to of ORDER_STATUSES) {
        expect(refusalOf(ending, to)).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      }
    }
  });

  test('cannot be cancelled once packing has begun', () => {
    const cancellable = ORDER_STATUSES.filter(isCancellable);
    expect(cancellable).toEqual(['accepted', 'awaiting_payment', 'confirmed']);
  });

  test('reaches an ending from every status and never returns to a status', () => {
    const wander = fc.array(fc.nat({ max: 10 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(wander, (choices) => {
        let status: OrderStatus = 'accepted';
        const seen = new Set<OrderStatus>([status]);
        for (const choice of choices) {
          const moves: readonly OrderStatus[] = ORDER_MOVES[status];
          const next: OrderStatus | undefined = moves[choice % moves.length];
          if (!next) break;
          expect(seen.has(next)).toBe(false);
          seen.add(next);
          status = next;
        }
        expect(isEnding(status)).toBe(true);
      }),
      { seed: 7 },
    );
  });

  test('reaches every status', () => {
    const reached = new Set<OrderStatus>(['accepted', ...Object.values(ORDER_MOVES).flat()]);
    expect([...reached].sort()).toEqual([...ORDER_STATUSES].sort());
  });

  test('is decided once checkout can answer, and stays decided', () => {
    const undecided = ORDER_STATUSES.filter((status) => !isDecided(status));
    expect(undecided).toEqual(['accepted', 'awaiting_payment']);
    for (const [from, to] of MOVES) if (isDecided(from)) expect(isDecided(to)).toBe(true);
  });

  test('has one event type per status', () => {
    const names = ORDER_STATUSES.map((status) => ORDER_EVENTS[status]);
    expect(new Set(names).size).toBe(ORDER_STATUSES.length);
    for (const name of names) expect(name).toMatch(/^Order[A-Z][A-Za-z]+$/);
  });
});

describe('the demand of lines', () => {
  const line = fc.record({
    sku: fc.constantFrom('a', 'B', 'b', 'a-1', 'Z'),
    quantity: fc.integer({ min: 1, max: 10_000 }),
  });

  test('sums the lines of one sku, sorted by sku', () => {
    const lines = [
      { sku: 'b', quantity: 1 },
      { sku: 'a', quantity: 2 },
      { sku: 'b', quantity: 3 },
    ];
    expect(demandOf(lines)).toEqual([
      { sku: 'a', quantity: 2 },
      { sku: 'b', quantity: 4 },
    ]);
  });

  test('keeps every unit, names each sku once and does not depend on the order of lines', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 100 }), (lines) => {
        const demand = demandOf(lines);
        const skus = demand.map(({ sku }) => sku);
        expect(skus).toEqual([...new Set(lines.map(({ sku }) => sku))].sort());
        for (const { sku, quantity } of demand) {
          const requested = lines.filter((one) => one.sku === sku);
          expect(quantity).toBe(requested.reduce((sum, one) => sum + one.quantity, 0));
        }
        expect(demandOf(lines.toReversed())).toEqual(demand);
      }),
      { seed: 7 },
    );
  });
});

const LIMITS = { sku: 3, order: 5 };
const refusal = (...lines: [sku: string, quantity: number][]): unknown => {
  try {
    assertUnits(
      lines.map(([sku, quantity]) => ({ sku, quantity })),
      LIMITS,
    );
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? [error.code, error.facts] : error;
  }
};

describe('an order of so many units', () => {
  test('may have as many of a sku and in all as the limits say', () => {
    expect(refusal(['a', 3], ['b', 2])).toBeUndefined();
  });

  test('is refused above the limit of a sku, on several lines, too', () => {
    const refused = ['QUANTITY_LIMITED', { sku: 'a', most: 3 }];
    expect(refusal(['a', 4])).toEqual(refused);
    expect(refusal(['a', 2], ['b', 1], ['a', 2])).toEqual(refused);
  });

  test('is refused above the limit of all skus together', () => {
    expect(refusal(['a', 3], ['b', 3])).toEqual(['QUANTITY_LIMITED', { most: 5 }]);
  });
});
