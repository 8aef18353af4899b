// The words of a product: what it is found by, and in which of its fields they stand.
import { describe, expect, test } from 'bun:test';
import type { ProductDocument } from './document.ts';
import { rankingFields, rankingOf, tokensIn, vocabularyOf } from './listing-text.ts';

const document = {
  name: 'On the Road',
  description: 'A lamp for the road, made by hand and tested with love.',
  attributes: { made: 'to order' },
  variants: [{ sku: 'LAMP-1', title: 'With shade', options: {} }],
} as unknown as ProductDocument;

describe('words that say nothing', () => {
  test('stand for a product in its name and labels, not in its description', () => {
    const tokens = tokensIn(document);
    expect(tokens).toEqual(expect.arrayContaining(['on', 'the', 'road', 'to', 'with', 'lamp']));
    for (const word of ['a', 'for', 'by', 'and']) expect(tokens).not.toContain(word);
  });

  test('are in no field to rank by, and not among the words a shopper may mean, unless so', () => {
    const { name, labels, rest } = rankingFields(rankingOf(document));
    expect(name).toEqual(['on', 'the', 'road']);
    expect(labels).toEqual(['to', 'order', 'lamp', '1', 'with', 'shad']);
    expect(rest).toEqual(['mad', 'hand', 'test', 'lov']);
    const known = vocabularyOf(document).map(({ word }) => word);
    expect(known).toContain('with');
    expect(known).not.toContain('for');
  });
});

test('a whole name and a sku are tokens of their own', () => {
  expect(tokensIn(document)).toEqual(expect.arrayContaining(['=on the road', '=lamp 1']));
});
