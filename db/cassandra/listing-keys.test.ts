// Tests that sort keys compare as their values do and that buckets are stable.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { newId } from '../../domain/ids.ts';
import { fold } from '../../domain/text.ts';
import {
  attributeFacet,
  attributeNameOf,
  bucketOf,
  collectionFacet,
  SCOPE_ALL,
  sortKey,
  SORTS,
  type Sort,
} from './listing-keys.ts';

const PRODUCT = { priceFromMinor: 100, name: 'Shoe', createdAtUs: 1_732_000_000_000_000 };
type Sortable = typeof PRODUCT;

const keyOf = (sort: Sort, facts: Partial<Sortable>): Buffer =>
  sortKey(sort, { ...PRODUCT, ...facts });
const orderOf = (sort: Sort, a: Partial<Sortable>, b: Partial<Sortable>): number =>
  Buffer.compare(keyOf(sort, a), keyOf(sort, b));
const compare = (a: number, b: number): number => Math.sign(a - b);

const anyNumber = fc.oneof(
  fc.nat({ max: 300 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(0, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

describe('a sort key', () => {
  test('of a price compares as the price, reversed when descending', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, (a, b) => {
        const [one, other] = [{ priceFromMinor: a }, { priceFromMinor: b }];
        expect(orderOf('price_asc', one, other)).toBe(compare(a, b));
        expect(orderOf('price_desc', one, other)).toBe(compare(b, a));
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  test('of the newest puts the later product first', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, (a, b) => {
        const order = orderOf('newest', { createdAtUs: a }, { createdAtUs: b });
        expect(order).toBe(compare(b, a));
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  test('of a name compares as the folded name, by code points', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    /** Code points, not UTF-16 units, because UTF-8 bytes compare as code points. */
    const points = (text: string): number[] =>
      Array.from(fold(text)).map((char) => char.codePointAt(0) ?? 0);
    const byPoints = (a: string, b: string): number => {
      const [one, other] = [points(a), points(b)];
      const at = one.findIndex((point, index) => point !== other[index]);
      if (at < 0) return compare(one.length, other.length);
      return compare(one[at] ?? 0, other[at] ?? -1);
    };
    const isShort = (text: string): boolean => Buffer.byteLength(fold(text)) <= 64;
    fc.assert(
      fc.property(name.filter(isShort), name.filter(isShort), (a, b) => {
        expect(orderOf('name', { name: a }, { name: b })).toBe(byPoints(a, b));
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  test.each([
    ['apple', 'Banana'],
    ['Éclair', 'fig'],
    ['shoe', 'shoe 2'],
    ['Zebra', 'Ω'],
    ['\uFFFD', '🙂'],
  ])('of the name %p sorts before that of %p', (first, second) => {
    expect(orderOf('name', { name: first }, { name: second })).toBe(-1);
  });

  test('of a name has at most 64 bytes, so that long names with the same prefix are equal', () => {
    const long = 'x'.repeat(64);
    expect(keyOf('name', { name: 'é'.repeat(200) })).toHaveLength(64);
    expect(keyOf('name', { name: '靴'.repeat(200) })).toHaveLength(63);
    expect(orderOf('name', { name: `${long}a` }, { name: `${long}b` })).toBe(0);
  });

  test.each(['price_asc', 'price_desc', 'newest'] as const)(
    'of %s always has eight bytes',
    (sort) => {
      for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) {
        expect(keyOf(sort, { priceFromMinor: value, createdAtUs: value })).toHaveLength(8);
      }
    },
  );

  test.each(['price_asc', 'price_desc', 'newest'] as const)(
    'of %s refuses anything but a whole number of zero or more',
    (sort) => {
      for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => keyOf(sort, { priceFromMinor: value, createdAtUs: value })).toThrow();
      }
    },
  );

  test('depends only on the sorted value', () => {
    const SOURCES: Record<Sort, keyof Sortable> = {
      price_asc: 'priceFromMinor',
      price_desc: 'priceFromMinor',
      name: 'name',
      newest: 'createdAtUs',
    };
    const other = { priceFromMinor: 7, name: 'Hat', createdAtUs: 7 };
    for (const sort of SORTS) {
      const source = SOURCES[sort];
      const same = keyOf(sort, { ...other, [source]: PRODUCT[source] });
      expect(Buffer.compare(same, keyOf(sort, {}))).toBe(0);
    }
  });
});

describe('a bucket', () => {
  const BUCKETS = [0, 1, 2, 3];
  /** FNV-1a as published by its authors; stored rows depend on it for ever. */
  const hashes: [text: string, hash: number][] = [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ];
  test.each(hashes)('of %p follows its published hash', (text, hash) => {
    expect(bucketOf(text, BUCKETS.length)).toBe(hash % BUCKETS.length);
  });

  test('is a valid bucket, and products spread evenly', () => {
    const counts = BUCKETS.map(() => 0);
    for (let made = 0; made < 4_000; made++) {
      const bucket = bucketOf(newId('product'), BUCKETS.length);
      expect(BUCKETS).toContain(bucket);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(700);
  });
});

describe('a facet', () => {
  test('of a collection differs from every attribute and from the scope of all', () => {
    const text = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(text, text, text, (id, name, value) => {
        const facets = [collectionFacet(id), attributeFacet(name, value), SCOPE_ALL];
        expect(new Set(facets).size).toBe(3);
      }),
      { seed: 7 },
    );
  });

  test('of an attribute is unique per name and value, wherever an equals sign stands', () => {
    const word = fc.string({ unit: fc.constantFrom('a', '=', '%', '3', 'D', '2', '5') });
    fc.assert(
      fc.property(word, word, word, word, (name, value, otherName, otherValue) => {
        const same = name === otherName && value === otherValue;
        const facet = attributeFacet(name, value);
        expect(attributeFacet(otherName, otherValue) === facet).toBe(same);
        const [, escaped = '', rest] = /^attribute:([^=]*)=(.*)$/s.exec(facet) ?? [];
        expect([attributeNameOf(escaped), rest]).toEqual([name, value]);
      }),
      { numRuns: 5_000, seed: 7 },
    );
    expect(attributeFacet('a=b', 'c')).not.toBe(attributeFacet('a', 'b=c'));
    expect(attributeFacet('a=b', 'c')).not.toBe(attributeFacet('a%3Db', 'c'));
    expect(attributeFacet('größe', 'a=b')).toBe('attribute:größe=a=b');
  });
});
