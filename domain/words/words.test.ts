// Tests the words that texts are indexed under and that queries require.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { looser, wordsIn, wordsInLong, type Word } from './words.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const latin = fc.array(fc.stringMatching(/^[A-Za-z]{1,12}$/), { maxLength: 20 });

const tokensOf = (text: string): string[] => wordsIn(text).flatMap(({ tokens }) => tokens);
const indexOf = (text: string): Set<string> =>
  new Set(wordsIn(text).flatMap(({ tokens, parts }) => [...tokens, ...parts]));
/** Whether a product of this name has every token of the query. */
const finds = (query: string, name: string): boolean =>
  tokensOf(query).every((token) => indexOf(name).has(token));
const textsOf = (words: Word[]): string[] => words.map(({ text }) => text);

describe('the tokens of a text', () => {
  const TOKENS: [text: string, tokens: string[]][] = [
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
    ["Daybird's", ['daybird']],
    ['USB-C 3.0', ['usb', 'c', '3']],
    ['靴 обувь', ['靴', 'обувь']],
    ['कॉफ़ी कप', ['कॉफ़ी', 'कप']],
    ['T恤', ['t', '恤']],
    ['コーヒー豆', ['コー', 'ーヒ', 'ヒー', 'ー豆']],
    ['กาแฟคั่วบด', ['กาแฟ', 'คั่ว', 'บด']],
    ['--- ,,, 🙂', []],
    ['', []],
  ];
  test.each(TOKENS)('%p are %p', (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  test('are found by a query of each word, in any case', () => {
    fc.assert(
      fc.property(latin, (list) => {
        const name = list.join(' ');
        for (const word of list) {
          expect(finds(word, name)).toBe(true);
          expect(tokensOf(word.toUpperCase())).toEqual(tokensOf(word));
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('and their parts have no blanks, are never empty, and have at most 40 characters', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const token of indexOf(text)) {
          expect(token).toMatch(/^[^\s]{1,40}$/u);
        }
      }),
      { numRuns: 1_000, seed: 7 },
    );
    expect(tokensOf('x'.repeat(10_000))).toEqual(['x'.repeat(40)]);
    expect(tokensOf(`${'x'.repeat(40)}y`)).toEqual(tokensOf(`${'x'.repeat(40)}z`));
  });

  test('are found quickly in a long text', () => {
    const startedAt = performance.now();
    const long = ['ies ', 's', '1', '1x', '1 x ', '1.', '1/', 'a1', '咖啡', 'กาแฟ', '1-a.'];
    for (const one of long) wordsInLong(one.repeat(20_000 / one.length));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('a name in a script without blanks', () => {
  test.each([
    ['咖啡', '手摇咖啡磨豆机'],
    ['磨豆机', '手摇咖啡磨豆机'],
    ['咖啡 磨豆机', '手摇咖啡磨豆机'],
    ['茶', '云南红茶'],
    ['コーヒー', 'ドリップコーヒーセット'],
    ['ｺｰﾋｰ', 'ドリップコーヒーセット'],
    ['コーヒー豆', '焙煎コーヒー豆 200g'],
    ['머신', '커피머신'],
    ['กาแฟ', 'เครื่องชงกาแฟ'],
    ['ກາເຟ', 'ເຄື່ອງເຮັດກາເຟ'],
    ['保温杯 500ml', '不锈钢保温杯500毫升 500 ml'],
  ])('is found by %p: %p', (query, name) => {
    expect(finds(query, name)).toBe(true);
  });

  test.each([
    ['红茶', '绿茶'],
    ['コーヒー', 'コード'],
    ['ชา', 'รองเท้าผู้ชาย'],
  ])('is not found by %p: %p', (query, name) => {
    expect(finds(query, name)).toBe(false);
  });

  test('is found by every part of it, wherever the dictionary would cut', () => {
    const han = fc.string({
      unit: fc.constantFrom(...Array.from('手摇咖啡磨豆机不锈钢保温杯红茶运动鞋')),
      minLength: 1,
    });
    fc.assert(
      fc.property(han, fc.nat(), fc.nat(), (name, start, length) => {
        const from = start % name.length;
        const query = name.slice(from, from + 1 + (length % (name.length - from)));
        expect(finds(query, name)).toBe(true);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('is found by a query of its words in another order, once they are parted', () => {
    const pieces = wordsIn('手摇磨豆机').flatMap((word) => looser(word));
    expect(textsOf(pieces)).toEqual(['手摇', '磨', '豆', '机']);
    const index = indexOf('手摇咖啡磨豆机');
    for (const { tokens } of pieces) expect(tokens.every((one) => index.has(one))).toBe(true);
  });

  test('is found by the pairs of its letters where the dictionary has not parted it', () => {
    const [pieces] = wordsIn('កាហ្វេ').map((word) => looser(word));
    const index = indexOf('ម៉ាស៊ីនឆុងកាហ្វេ');
    expect(finds('កាហ្វេ', 'ម៉ាស៊ីនឆុងកាហ្វេ')).toBe(false);
    expect(pieces?.[0]?.tokens.every((one) => index.has(one))).toBe(true);
  });

  test('has fewer words in a long text: pairs within words of the dictionary', () => {
    expect(textsOf(wordsInLong('这款咖啡的保温杯'))).toEqual(['咖啡', '保温']);
  });
});

describe('a number', () => {
  const SAME: string[][] = [
    ['M8x20', 'm8 x 20', 'M8×20', 'M8 * 20'],
    ['1/2 inch', '½"', '½ in', '1/2-inch', '1/2″', '1/2 Zoll', '1/2 pouce'],
    ['1½"', '1 1/2 in', '1-1/2 inches'],
    ['1.5 m', '1,5m', '1.50 metres', '1,5 Meter', '1,5 mètres'],
    ['.5 l', '0,5 Liter'],
    ['10x15 cm', '10 x 15', '10×15cm', '10 cm x 15 cm', '10cm x 15cm'],
    ['12V', '12 V', '12-volt', '12 Volts'],
    ['2,500 g', '2500g', '2.500 Gramm'],
    ['3.0', '3'],
    ['2.0TDI', '2,0 tdi'.replace(' ', '')],
    ['500 ml', '500ML', '500㎖', '５００ｍｌ'],
  ];
  test.each(SAME)('is one word however it is written: %p, %p', (...written) => {
    const [first = '', ...others] = written;
    for (const other of others)
      expect([other, ...tokensOf(other)]).toEqual([other, ...tokensOf(first)]);
  });

  test.each([
    ['M8', 'Hex bolt M8x20'],
    ['20', 'Hex bolt M8x20'],
    ['20mm', 'Hex bolt M8x20 mm'],
    ['10x15', 'Frame 10 x 15 x 2 cm'],
    ['15 cm', 'Frame 10 x 15 cm'],
    ['12', 'Pump 12V'],
    ['V', 'Pump 12V'],
    ['1/2', 'Elbow ½"'],
    ['KDP601A1MMS2D', 'Dishwasher KDP601A1MMS2D'],
    ['kdp601', 'Dishwasher KDP601A1MMS2D'],
    ['KDP601A1', 'Dishwasher KDP601A1MMS2D'],
    ['601a1mms2d', 'Dishwasher KDP601A1MMS2D'],
    ['WH1000XM4', 'Headphones WH-1000XM4'],
    ['wh-1000xm4', 'Headphones WH-1000XM4'],
    ['1000XM4', 'Headphones WH-1000XM4'],
    ['iphone 15', 'iPhone15 case'],
    ['a320', 'Compass Pro A-320'],
    ['3in1', '3-in-1 jacket'],
  ])('is found by %p: %p', (query, name) => {
    expect(finds(query, name)).toBe(true);
  });

  test.each([
    ['M8x20', 'Bolt M8x30, pack of 20'],
    ['12V', 'Pump 24V, 12 W'],
    ['1.5 m', 'Cable 15 m'],
    ['10x15', 'Frame 15x10'],
    ['2 m', 'Cable 2.5 m'],
  ])('is not found by %p: %p', (query, name) => {
    expect(finds(query, name)).toBe(false);
  });

  test.each([
    ['12/12/2026', ['12', '12', '2026']],
    ['192.168.1.1', ['192.168.1.1']],
    ['4K', ['4k']],
    ['5 a day', ['5', 'a', 'day']],
    ['3 in 1', ['3', 'in', '1']],
    ['2-person tent', ['2', 'person', 'tent']],
  ])('and what is none: %p is %p', (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  test('means its pieces where no product has the whole', () => {
    expect(textsOf(wordsIn('M8x25').flatMap((word) => looser(word)))).toEqual(['m8', '25']);
    expect(textsOf(wordsIn('45L').flatMap((word) => looser(word)))).toEqual(['45']);
    expect(textsOf(wordsIn('iphone15').flatMap((word) => looser(word)))).toEqual(['iphone', '15']);
    expect(textsOf(wordsIn('tent').flatMap((word) => looser(word)))).toEqual(['tent']);
  });
});
