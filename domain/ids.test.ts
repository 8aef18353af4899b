// Tests that ids are unique, sort by time and are recognised only as their own kind.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  DEFAULT_STORE,
  ID_PREFIXES,
  isId,
  madeAtMs,
  newId,
  reservationIdOf,
  type IdKind,
} from './ids.ts';

const KINDS = Object.keys(ID_PREFIXES) as IdKind[];
const kind = fc.constantFrom(...KINDS);
/** The largest time that 50 bits of milliseconds hold: the year 37,648. */
const atMs = fc.integer({ min: 0, max: 2 ** 50 - 1 });

describe('an id', () => {
  test('is three letters, an underscore and 26 characters, and valid only for its kind', () => {
    fc.assert(
      fc.property(kind, atMs, (one, at) => {
        const id = newId(one, at);
        expect(id).toMatch(/^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/);
        expect(KINDS.filter((other) => isId(other, id))).toEqual([one]);
      }),
      { seed: 7 },
    );
  });

  test('sorts by the millisecond it was made in', () => {
    fc.assert(
      fc.property(kind, atMs, atMs, (one, a, b) => {
        fc.pre(a !== b);
        expect(newId(one, a) < newId(one, b)).toBe(a < b);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('encodes the current millisecond by default', () => {
    const before = newId('order', Date.now() - 1);
    const after = newId('order', Date.now() + 60_000);
    const id = newId('order');
    expect(before < id && id < after).toBe(true);
  });

  test('is never the same twice within one millisecond', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('event', 1));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has a prefix that no other kind has', () => {
    const prefixes = Object.values(ID_PREFIXES);
    expect(new Set(prefixes).size).toBe(prefixes.length);
  });

  test('includes the id of the default store', () => {
    expect(isId('store', DEFAULT_STORE)).toBe(true);
  });

  const LONGEST = 'a'.repeat(40);
  const REFUSED: [what: string, value: unknown][] = [
    ['another kind', `prd_${LONGEST}`],
    ['nothing after the prefix', 'ord_'],
    ['the prefix alone', 'ord'],
    ['one character too many', `ord_${LONGEST}a`],
    ['capitals', 'ord_ABC'],
    ['a capital prefix', 'ORD_abc'],
    ['a path', 'ord_../prd_1'],
    ['a space', 'ord_a b'],
    ['a line end', 'ord_abc\n'],
    ['something before it', ' ord_abc'],
    ['a letter that looks like another', 'ord_аbс'],
    ['a number', 7],
    ['nothing', undefined],
    ['a list of one id', [`ord_${LONGEST}`]],
  ];
  test.each(REFUSED)('is not %s', (_what, value) => {
    expect(isId('order', value)).toBe(false);
  });

  test('may have from 1 to 40 characters after its prefix', () => {
    expect(isId('order', 'ord_0')).toBe(true);
    expect(isId('order', `ord_${LONGEST}`)).toBe(true);
  });
});

describe("an order's reservation", () => {
  test('is derived from the order id and unique per order', () => {
    fc.assert(
      fc.property(atMs, (at) => {
        const [one, other] = [newId('order', at), newId('order', at)];
        expect(isId('reservation', reservationIdOf(one))).toBe(true);
        expect(reservationIdOf(one).slice(4)).toBe(one.slice(4));
        expect(reservationIdOf(one)).not.toBe(reservationIdOf(other));
      }),
      { seed: 7 },
    );
  });
});

test('an id of each kind names its creation millisecond', () => {
  for (const atMs of [0, 1, 1_795_906_307_235]) expect(madeAtMs(newId('order', atMs))).toBe(atMs);
});
