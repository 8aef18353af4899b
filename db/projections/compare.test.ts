// Tests that the content hash ignores the order of keys and nothing else.
import { describe, expect, test } from 'bun:test';
import { hashOf } from './compare.ts';

describe('the content hash', () => {
  const document = { name: 'Stove', attributes: { colour: 'red', fuel: 'gas' }, tags: ['a', 'b'] };

  test('ignores the order of keys at any depth', () => {
    const reordered = {
      tags: ['a', 'b'],
      attributes: { fuel: 'gas', colour: 'red' },
      name: 'Stove',
    };
    expect(hashOf(reordered)).toBe(hashOf(document));
  });

  test('depends on values, on the order of lists and on the number of values', () => {
    const others = [
      [{ ...document, name: 'Lamp' }],
      [{ ...document, attributes: { colour: 'gas', fuel: 'red' } }],
      [{ ...document, tags: ['b', 'a'] }],
      [document, undefined],
    ];
    for (const other of others) expect(hashOf(...other)).not.toBe(hashOf(document));
  });
});
