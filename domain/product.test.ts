// Tests the slugs, skus and prices of products.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { newId } from './ids.ts';
import {
  defaultSku,
  priceFromMinor,
  SKU_PATTERN,
  slugOf,
  withSinglePrice,
  type Variant,
} from './product.ts';

const variantOf = (sku: string, priceMinor: number): Variant => ({
  sku,
  title: `Size ${sku}`,
  options: { size: sku },
  priceMinor,
  currency: 'EUR',
  compareAtMinor: 9_900,
  position: 3,
});

describe('a slug', () => {
  const SLUGS: [name: string, slug: string][] = [
    ['Trail Shoe, Red', 'trail-shoe-red'],
    ['  Crème   Brûlée  ', 'creme-brulee'],
    ['--- 50% off! ---', '50-off'],
    ['a/../b?c#d', 'a-b-c-d'],
    ['ﬁne １２', 'fine-12'],
    ['靴', ''],
    ['', ''],
    [`${'x'.repeat(79)} yz`, 'x'.repeat(79)],
    ['x'.repeat(200), 'x'.repeat(80)],
  ];
  test.each(SLUGS)('of %p is %p', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  test('is safe in a path, at most 80 characters, and the slug of itself', () => {
    const name = fc.string({ unit: 'binary', maxLength: 200 });
    const wordy = fc.array(fc.stringMatching(/^[A-Za-z0-9]{1,9}$/)).map((all) => all.join(' -'));
    fc.assert(
      fc.property(fc.oneof(name, wordy), (text) => {
        const slug = slugOf(text);
        expect(slug).toMatch(/^(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/);
        expect(slug.length).toBeLessThanOrEqual(80);
        expect(slugOf(slug)).toBe(slug);
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('a sku', () => {
  test('of a product with one price is the product id without the prefix', () => {
    expect(defaultSku('prd_01abc')).toBe('01abc');
    expect(defaultSku(newId('product'))).toMatch(SKU_PATTERN);
  });

  const TAKEN = [
    'A',
    '0',
    'TS-42_red.1',
    'a/b-c',
    '-a',
    'a b',
    'a,b',
    '#12 (blau)+{x}',
    'Größe',
    'コーヒー豆',
    'x'.repeat(64),
  ];
  test.each(TAKEN)('may be %p', (sku) => {
    expect(sku).toMatch(SKU_PATTERN);
  });

  const REFUSED = ['', ' ', ' a', 'a ', 'a\u00A0', 'a\n', 'a\tb', 'a\u200Bb', 'x'.repeat(65)];
  test.each(REFUSED)('may not be %p', (sku) => {
    expect(sku).not.toMatch(SKU_PATTERN);
  });
});

describe('the price shown in lists', () => {
  test("is the cheapest variant's in any order of variants", () => {
    const prices = fc.array(fc.nat({ max: 99_999_999 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(prices, (all) => {
        const shown = priceFromMinor(all.map((price, at) => variantOf(`s${at}`, price)));
        expect(all).toContain(shown);
        for (const price of all) expect(shown).toBeLessThanOrEqual(price);
      }),
      { seed: 7 },
    );
  });
});

describe('a bare price', () => {
  test('replaces the price of the only variant and nothing else', () => {
    const only = variantOf('a', 100);
    expect(withSinglePrice([only], 250)).toEqual([{ ...only, priceMinor: 250 }]);
    expect(only.priceMinor).toBe(100);
  });

  const AMBIGUOUS: [what: string, variants: Variant[]][] = [
    ['several variants', [variantOf('a', 100), variantOf('b', 100)]],
    ['no variant', []],
  ];
  test.each(AMBIGUOUS)('is refused as ambiguous for %s', (_what, variants) => {
    expect(() => withSinglePrice(variants, 250)).toThrow(
      expect.objectContaining({
        code: 'PRICE_AMBIGUOUS',
        fields: [{ path: 'price', message: expect.any(String) }],
      }),
    );
  });
});
