// Tests which amounts, decimal signs and currencies are read, and which are refused as doubtful.
import { describe, expect, test } from 'bun:test';
import type { ImportSettings } from '../../domain/catalogue/import-report.ts';
import { importInto, newShelf, productsOf, summaryOf, messagesOf } from './memory-store.ts';

describe('amounts', () => {
  const READ: [
    name: string,
    text: string,
    settings: ImportSettings,
    wanted: (string | number)[][],
  ][] = [
    [
      'a decimal comma',
      'name,price\nA,"12,50"\nB,"1.299,00"',
      {},
      [
        ['A', 12.5],
        ['B', 1299],
      ],
    ],
    [
      'a decimal point',
      'name,price\nA,12.50\nB,"1,299"',
      {},
      [
        ['A', 12.5],
        ['B', 1299],
      ],
    ],
    ['what its uploader says', 'name,price\nA,"1,299"', { decimal: '.' }, [['A', 1299]]],
    [
      'what its uploader says',
      'name,price\nA,"12,345"',
      { decimal: ',', currency: 'KWD' },
      [['A', 12.345]],
    ],
    [
      'thousands by blanks',
      "name,price\nA,1 299.00\nB,1'299.00 €",
      { currency: 'EUR' },
      [
        ['A', 1299],
        ['B', 1299],
      ],
    ],
    [
      'its code',
      'name,price\nA,15.00 EUR\nB,EUR 1.50',
      {},
      [
        ['A', 15],
        ['B', 1.5],
      ],
    ],
    ['three digits in KWD', 'name,price\nA,12.345', { currency: 'KWD' }, [['A', 12.345]]],
  ];
  test.each(READ)('are read with %s', async (_, text, settings, wanted) => {
    const shelf = newShelf();
    await importInto(shelf, text, { settings });
    expect(summaryOf(shelf)).toEqual(wanted);
  });

  const DOUBTFUL: [text: string, settings: ImportSettings][] = [
    ['1,299', {}],
    ['1.299', {}],
    ['12,345', { currency: 'KWD' }],
    ['250.000', { currency: 'JPY' }],
  ];
  test.each(DOUBTFUL)('that may be two are refused: %p %p', async (amount, settings) => {
    const shelf = newShelf();
    const file = `name,price\nA,"${amount}"\nB,5`;
    expect(messagesOf(await importInto(shelf, file, { settings }))).toEqual([
      `failed: price: ${amount} can be read in two ways: import with decimal=. or decimal=,`,
      'succeeded',
    ]);
  });

  test('are read whole: what follows many blanks is not cut off', async () => {
    const imported = await importInto(newShelf(), `name,price\nA,10${' '.repeat(80)}each`);
    expect(messagesOf(imported)).toEqual(['failed: price is not an amount of zero or more']);
  });

  test('with both decimal signs refuse the file, which says where', () => {
    const file = 'name,price\nA,"12,50"\nB,13.50';
    expect(importInto(newShelf(), file)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'row 2 has 13.50 and row 1 has 12,50: import with decimal=. or decimal=,',
    });
  });

  test('in another currency than the file says are refused', async () => {
    expect(messagesOf(await importInto(newShelf(), 'name,price\nA,€ 5\nB,£5\nC,$5'))).toEqual([
      'failed: price: € 5 is not in USD: import with currency=',
      'failed: price: £5 is not in USD: import with currency=',
      'succeeded',
    ]);
  });

  test('of stock are read with the same sign, or left out with a word', async () => {
    const german = await importInto(newShelf(), 'name,price,stock\nA,"1,50",1.000');
    expect([...german.stock.values()]).toEqual([1_000]);
    const doubtful = await importInto(newShelf(), 'name,price,stock\nA,1,1.000');
    expect(messagesOf(doubtful)).toEqual([
      'succeeded: stock was left out: it is no whole number of zero or more',
    ]);
  });
});

describe('the currency', () => {
  test.each([
    ['given', 'name,price\nA,5', { currency: 'EUR' }, { code: 'EUR', from: 'given' }],
    ['of a column', 'name,price,currency\nA,5,eur', {}, { code: 'EUR', from: 'file' }],
    ['of a header', 'name,Price (EUR)\nA,5', {}, { code: 'EUR', from: 'file' }],
    ['beside the amounts', 'name,price\nA,5 EUR', {}, { code: 'EUR', from: 'file' }],
    ['of nowhere', 'name,price\nA,5', {}, { code: 'USD', from: 'default' }],
  ] as const)('%s is taken, and the report says so', async (_, text, settings, wanted) => {
    const shelf = newShelf();
    const { survey } = await importInto(shelf, text, { settings });
    expect(survey.reading.currency).toEqual(wanted);
    expect(productsOf(shelf)[0]?.variants[0]?.currency).toBe(wanted.code);
  });

  test('is that of the store, and must be said where the store has several', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'name,price,currency\nA,5,JPY');
    const { survey } = await importInto(shelf, 'name,price\nB,7');
    expect(survey.reading.currency).toEqual({ code: 'JPY', from: 'store' });
    await importInto(shelf, 'name,price,currency\nC,5,EUR');
    expect(importInto(shelf, 'name,price\nD,7')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'the store sells in JPY and EUR: import with currency=',
    });
  });
});
