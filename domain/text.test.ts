// Tests that queries match catalogue text regardless of case, accents and plurals.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { fold, sortKeyOf, tokensOf } from './text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const words = fc.array(fc.stringMatching(/^[A-Za-z]{1,12}$/), { maxLength: 20 });

describe('a folded text', () => {
  const SAME: [written: string, folded: string][] = [
    ['Crème Brûlée', 'creme brulee'],
    ['CREME', 'creme'],
    ['ﬁne', 'fine'],
    ['１２３', '123'],
    ['İstanbul', 'istanbul'],
    ['naïve', 'naive'],
    ['Größe', 'grosse'],
    ['GRÖẞE', 'grosse'],
    ['Łopata', 'lopata'],
    ['Øre', 'ore'],
    ['Æble, œuvre', 'aeble, oeuvre'],
    ['Đà Nẵng', 'da nang'],
    ['Þórður', 'thordur'],
    ['ısı', 'isi'],
    ['Ħobż, Ŋgoni', 'hobz, ngoni'],
    ['Kaffee\u00ADmaschine', 'kaffeemaschine'],
    ['Ёлка', 'елка'],
    ['ΚΑΦΈΣ', 'καφεσ'],
    ['καφές', 'καφεσ'],
    ['قَهْوَة', 'قهوة'],
    ['ﾄﾞﾘｯﾌﾟ', 'ドリップ'],
    ['กาแฟคั่ว', 'กาแฟคั่ว'],
    ['कॉफ़ी', 'कॉफ़ी'],
    ['커피', '커피'],
  ];
  test.each(SAME)('of %p is %p', (written, folded) => {
    expect(fold(written)).toBe(folded);
  });

  test('is the same for composed and combining accents', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(fold(text.normalize('NFC'))).toBe(fold(text.normalize('NFD')));
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('stays as it is when it is folded again', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('the key that a name sorts by', () => {
  const SORTED = [
    'Éclair',
    'Łopata',
    'Ocean',
    'Øre',
    'Straße',
    'strasse 2',
    'Zebra',
    'Ωμέγα',
    '靴',
  ];

  test('puts letters with strokes among their plain ones, in the order of its bytes', () => {
    const bytes = (name: string): Buffer => Buffer.from(sortKeyOf(name));
    const sorted = SORTED.toReversed().sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
    expect(sorted).toEqual(SORTED);
  });

  test('has at most 64 bytes, and no part of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 90 }), (name) => {
        const key = sortKeyOf(name);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(64);
        expect(Buffer.from(key).toString()).toBe(key);
        expect(fold(name).toWellFormed().startsWith(key)).toBe(true);
      }),
      { numRuns: 500, seed: 7 },
    );
    expect(sortKeyOf('靴'.repeat(30))).toBe('靴'.repeat(21));
  });
});

describe('the words of a text', () => {
  const WORDS: [text: string, tokens: string[]][] = [
    ['Trail Shoes', ['trail', 'shoe']],
    ['shoe', ['shoe']],
    ['berries', ['berry']],
    ['ties', ['tie']],
    ['boxes', ['box']],
    ['dresses', ['dress']],
    ['dress', ['dress']],
    ['watches', ['watch']],
    ['brushes', ['brush']],
    ['bus', ['bus']],
    ['cactus', ['cactus']],
    ['tennis', ['tennis']],
    ['gas', ['gas']],
    ['Red, red; RED!', ['red']],
    ['shoe SHOES shoes', ['shoe']],
    ['USB-C 3.0', ['usb', 'c', '3', '0']],
    ['靴 обувь', ['靴', 'обувь']],
    ['कॉफ़ी कप', ['कॉफ़ी', 'कप']],
    ['--- ,,, 🙂', []],
    ['', []],
  ];
  test.each(WORDS)('%p are %p', (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  test('are each found by a query of that word', () => {
    fc.assert(
      fc.property(words, (list) => {
        const indexed = tokensOf(list.join(' '));
        for (const word of list) {
          expect(indexed).toEqual(expect.arrayContaining(tokensOf(word)));
          expect(tokensOf(word.toUpperCase())).toEqual(tokensOf(word));
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('are distinct, never empty, and each at most 40 characters', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokensOf(text);
        expect(new Set(tokens).size).toBe(tokens.length);
        for (const token of tokens) {
          expect(token.length).toBeGreaterThan(0);
          expect(token.length).toBeLessThanOrEqual(40);
        }
      }),
      { numRuns: 500, seed: 7 },
    );
    expect(tokensOf('x'.repeat(10_000))).toEqual(['x'.repeat(40)]);
    expect(tokensOf(`${'x'.repeat(40)}y ${'x'.repeat(40)}z`)).toHaveLength(1);
  });

  test('are at most 200, the first ones', () => {
    const many = Array.from({ length: 500 }, (_, at) => `w${at}`);
    expect(tokensOf(many.join(' '))).toEqual(many.slice(0, 200));
  });

  test('are found quickly in a long text', () => {
    const startedAt = performance.now();
    tokensOf('ies '.repeat(250_000));
    tokensOf('s'.repeat(1_000_000));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
