// Tests the words a product is found by and the fields they are ranked by.
import { describe, expect, test } from 'bun:test';
import type { ProductDocument } from './product-document.ts';
import { rankingFields, rankingOf, tokensIn, vocabularyOf } from './listing-text.ts';

const document = {
  name: 'On the Road',
  description: 'A lamp for the road, made by hand and tested with love.',
  attributes: { made: 'to order' },
  variants: [{ sku: 'LAMP-1', title: 'With shade', options: {} }],
} as unknown as ProductDocument;

describe('stop words', () => {
  test('are tokens of the name and labels, not of the description', () => {
    const tokens = tokensIn(document);
    expect(tokens).toEqual(expect.arrayContaining(['on', 'the', 'road', 'to', 'with', 'lamp']));
    for (const word of ['a', 'for', 'by', 'and']) expect(tokens).not.toContain(word);
  });

  test('are ranked and suggested only where they are tokens', () => {
    const { name, labels, rest } = rankingFields(rankingOf(document));
    expect(name).toEqual(['on', 'the', 'road']);
    expect(labels).toEqual(['to', 'order', 'lamp', '1', 'with', 'shad']);
    expect(rest).toEqual(['mad', 'hand', 'test', 'lov']);
    const known = vocabularyOf(document).map(({ word }) => word);
    expect(known).toContain('with');
    expect(known).not.toContain('for');
  });
});

test('a whole name and a sku are each one token', () => {
  expect(tokensIn(document)).toEqual(expect.arrayContaining(['=on the road', '=lamp 1']));
});
