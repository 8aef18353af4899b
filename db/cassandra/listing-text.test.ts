// Tests the words a product is found by and the fields they are ranked by.
import { describe, expect, test } from 'bun:test';
import type { ProductDocument } from './product-document.ts';
import { hasStem, hasToken, listingTextOf, rankingFields, vocabularyOf } from './listing-text.ts';

const document = {
  name: 'On the Road',
  description: 'A lamp for the road, made by hand and tested with love.',
  attributes: { made: 'to order' },
  variants: [{ sku: 'LAMP-1', title: 'With shade', options: {} }],
} as unknown as ProductDocument;

const tokensIn = (one: ProductDocument): string[] => listingTextOf(one).tokens;
const rankingOf = (one: ProductDocument): string => listingTextOf(one).ranking;

describe('stop words', () => {
  test('are tokens of the name and labels, not of the description', () => {
    const tokens = tokensIn(document);
    expect(tokens).toEqual(expect.arrayContaining(['on', 'the', 'road', 'to', 'with', 'lamp']));
    for (const word of ['a', 'for', 'by', 'and']) expect(tokens).not.toContain(word);
  });

  test('are ranked and suggested only where they are tokens', () => {
    const { name, labels, rest } = rankingFields(rankingOf(document));
    expect(name).toEqual(['on', 'the', 'road']);
    expect(labels).toBe('to order ord lamp 1 with shad lamp1');
    expect(rest).toBe('mad hand test lov');
    const known = vocabularyOf(document).map(({ word }) => word);
    expect(known).toContain('with');
    expect(known).not.toContain('for');
  });
});

test('a whole name and a sku are each one token', () => {
  expect(tokensIn(document)).toEqual(expect.arrayContaining(['=on the road', '=lamp 1']));
});

describe('the tokens of a product', () => {
  const words = (count: number): string =>
    Array.from({ length: count }, (_, at) => `w${String.fromCharCode(97 + (at % 26))}${at}`).join(
      ' ',
    );

  test('are at most 200, those of the name and labels first, and whole names and skus', () => {
    const tokens = tokensIn({ ...document, description: words(500) });
    expect(tokens).toHaveLength(202);
    expect(tokens).toEqual(expect.arrayContaining(['road', 'order', 'lamp1', 'wa0']));
  });

  test('leave room for the description, however many parts the skus have', () => {
    const variants = Array.from({ length: 90 }, (_, at) => ({
      sku: `LAMP-A${at}`,
      title: '',
      options: {},
    }));
    const tokens = tokensIn({ ...document, variants } as unknown as ProductDocument);
    expect(tokens).toContain('hand');
    expect(tokens.filter((token) => /^lampa\d+$/.test(token)).length).toBeLessThanOrEqual(40);
  });

  test('of a name without blanks are ranked as the name, in order', () => {
    const name = '手摇咖啡机';
    const { name: ranked, nameParts } = rankingFields(rankingOf({ ...document, name }));
    expect(ranked).toEqual(['手摇', '摇咖', '咖啡', '啡机']);
    expect(nameParts).toBe(Array.from(name).join(' '));
  });

  test('have words and part numbers that are completed', () => {
    const name = '手摇咖啡机 KDP601A1MMS2D 500ml';
    const known = vocabularyOf({ ...document, name });
    expect(known).toContainEqual({ word: '咖啡', stem: '咖啡', isLabel: true });
    const code = 'kdp601a1mms2d';
    expect(known).toContainEqual({ word: code, stem: code, isLabel: true });
    expect(known.map(({ word }) => word)).not.toContain('500ml');
  });
});

test.each([
  ['hik|hiking', 'hiking', true],
  ['hik|hiking', 'hik', true],
  ['boots|boot', 'boot', true],
  ['hik|hiking', 'king', false],
  ['road', 'road', true],
  ['road', 'roa', false],
])('a ranked word %p has the stem %p: %p', (ranked, stem, isSo) => {
  expect(hasStem(ranked, stem)).toBe(isSo);
});

test('a field has whole tokens only', () => {
  expect(hasToken('lamp lamp1', 'lamp1')).toBe(true);
  expect(hasToken('lamps lamp1', 'lamp')).toBe(false);
  expect(hasToken('', 'lamp')).toBe(false);
});
