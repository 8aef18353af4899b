// Tests that texts fold alike however they are written, and the key that names sort by.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { fold, sortKeyOf } from './text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

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
    ['น้ำหอม', 'น้ำหอม'],
    ['1½ m²', '1 1⁄2 m2'],
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
