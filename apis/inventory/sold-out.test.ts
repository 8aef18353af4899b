// Tests the memo of sold-out skus: only zeros, only for a second, only for their store.
import { describe, expect, test } from 'bun:test';
import { createSoldOut } from './sold-out.ts';

describe('a sold-out sku', () => {
  const at = (clock: { ms: number }) => createSoldOut(() => clock.ms);

  test('is remembered for a second, in its own store', () => {
    const clock = { ms: 5_000 };
    const memo = at(clock);
    memo.learn('sto_a', [{ sku: 'x', available: 0 }]);
    expect([memo.has('sto_a', 'x'), memo.has('sto_b', 'x')]).toEqual([true, false]);
    clock.ms += 999;
    expect(memo.has('sto_a', 'x')).toBe(true);
    clock.ms += 1;
    expect(memo.has('sto_a', 'x')).toBe(false);
  });

  test('is forgotten as soon as there are units again', () => {
    const memo = at({ ms: 0 });
    memo.learn('sto_a', [{ sku: 'x', available: 0 }]);
    memo.learn('sto_a', [{ sku: 'x', available: 1 }]);
    expect(memo.has('sto_a', 'x')).toBe(false);
  });

  test('is one of a bounded number', () => {
    const memo = at({ ms: 0 });
    for (let n = 0; n <= 10_000; n++) memo.learn('sto_a', [{ sku: `s${n}`, available: 0 }]);
    expect([memo.has('sto_a', 's0'), memo.has('sto_a', 's10000')]).toEqual([false, true]);
  });
});
