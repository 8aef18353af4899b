// Tests the facets that a product's listing rows have.
import { expect, test } from 'bun:test';
import { facetsOf } from './listing-rows.ts';
import type { ProductDocument } from './product-document.ts';

const productOf = (
  attributes: Record<string, string>,
  options: Record<string, string>[],
): ProductDocument =>
  ({
    collectionIds: ['col_1'],
    attributes,
    variants: options.map((one) => ({ options: one })),
  }) as unknown as ProductDocument;

test('the options of variants are facets beside attributes, each value once', () => {
  const facets = facetsOf(
    productOf({ brand: 'Daybird', Size: 'S' }, [
      { Size: 'S', Colour: 'Red' },
      { Size: 'M', Colour: 'Red' },
    ]),
  );
  expect(facets).toEqual([
    'collection:col_1',
    'attribute:brand=Daybird',
    'attribute:Size=S',
    'attribute:Colour=Red',
    'attribute:Size=M',
  ]);
});

test('there are at most 200 facets, and attributes are not what is left out', () => {
  const options = Array.from({ length: 300 }, (_, at) => ({ Size: String(at) }));
  const facets = facetsOf(productOf({ brand: 'Daybird' }, options));
  expect(facets).toHaveLength(200);
  expect(facets).toContain('attribute:brand=Daybird');
});
