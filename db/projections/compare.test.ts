// Tests that the content hash ignores the order of keys and nothing else.
import { describe, expect, test } from 'bun:test';
import type { Cassandra, Row } from '../cassandra/client.ts';
import { keysOf } from '../cassandra/listing-rows.ts';
import type { ProductDocument } from '../cassandra/product-document.ts';
import { compareSets, hashOf } from './compare.ts';

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

describe('a rebuilt table set', () => {
  const document = {
    id: 'prd_1',
    name: 'Łopata',
    status: 'published',
    collectionIds: [],
    variants: [],
    priceFromMinor: 100,
    createdAtUs: 1,
  } as unknown as ProductDocument;
  const row = (keys: unknown, name = document.name): Row =>
    ({
      store_id: 'sto_1',
      product_id: document.id,
      document: JSON.stringify({ ...document, name }),
      keys: JSON.stringify(keys),
    }) as unknown as Row;
  const setOf = (one: Row): Cassandra =>
    ({
      run: async (name: string) => (name === 'compare.next' ? [] : [one]),
    }) as unknown as Cassandra;
  const own = keysOf(document);

  test('equals a live set whose rows have the keys of an earlier version', async () => {
    const { differences } = await compareSets(setOf(row(own)), setOf(row([['name', 'c582']])));
    expect(differences).toEqual([]);
  });

  test('differs when its content does, or its keys are not those of its documents', async () => {
    const renamed = await compareSets(setOf(row(own)), setOf(row(own, 'Spade')));
    expect(renamed.differences).toEqual(['sto_1/prd_1: other content under the same clocks']);
    const unkeyed = await compareSets(setOf(row([])), setOf(row(own)));
    expect(unkeyed.differences).toEqual(['sto_1/prd_1: other keys than its document has']);
  });
});
