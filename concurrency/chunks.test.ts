// Chunks and bounded maps: every item once, in order, and never more at once than allowed.
import { describe, expect, test } from 'bun:test';
import { chunksOf, mapBounded } from './chunks.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('chunks hold every item in order, the last one what is left', () => {
  expect(chunksOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(chunksOf([1, 2], 2)).toEqual([[1, 2]]);
  expect(chunksOf([], 2)).toEqual([]);
});

describe('a bounded map', () => {
  /** Work of which each item ends when the test says so. */
  const controlled = () => {
    const ends = new Map<string, PromiseWithResolvers<string>>();
    const work = (item: string): Promise<string> => {
      const end = Promise.withResolvers<string>();
      ends.set(item, end);
      return end.promise;
    };
    return { work, begun: () => [...ends.keys()], ends };
  };

  test('runs at most so many at once, and keeps the order of the items', async () => {
    const { work, begun, ends } = controlled();
    const mapped = mapBounded(['a', 'b', 'c', 'd'], 2, work);
    expect(begun()).toEqual(['a', 'b']);
    for (const item of ['b', 'c', 'd', 'a']) {
      ends.get(item)?.resolve(item.toUpperCase());
      await settled();
    }
    expect(begun()).toEqual(['a', 'b', 'c', 'd']);
    expect(await mapped).toEqual(['A', 'B', 'C', 'D']);
    expect(await mapBounded([], 2, work)).toEqual([]);
  });

  test('goes on with the other items after a failure, and fails in the end', async () => {
    const { work, begun, ends } = controlled();
    const outcome = mapBounded(['a', 'b', 'c'], 2, work).catch(String);
    ends.get('a')?.reject(new Error('bad item'));
    await settled();
    expect(begun()).toEqual(['a', 'b']);
    ends.get('b')?.resolve('');
    await settled();
    expect(begun()).toEqual(['a', 'b', 'c']);
    ends.get('c')?.resolve('');
    expect(await outcome).toBe('Error: bad item');
  });

  test('begins nothing more once it has failed as often as it runs at once', async () => {
    let calls = 0;
    const work = async (): Promise<never> => {
      calls++;
      throw new Error('away');
    };
    const items = Array.from({ length: 100 }, (_, at) => at);
    expect(await mapBounded(items, 3, work).catch(String)).toBe('Error: away');
    expect(calls).toBe(3);
  });
});
