// Turns: one of a key at a time, so many of all, and some before the others.
import { expect, test } from 'bun:test';
import { createTurns } from './turns.ts';

/** Work that says when it begins, and ends when it is told to. */
const createLog = () => {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const work = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    return end.promise;
  };
  return { begun, work, end: (name: string) => ends.get(name)?.resolve(), ends };
};

/** Everything that can go on has gone on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const other = (key: string) => ({ key, isFirst: false });

test('work of one key is done one after the other, in the order in which it was asked for', async () => {
  const { begun, work, end } = createLog();
  const turns = createTurns(8);
  const both = [turns(other('a'), work('1')), turns({ key: 'a', isFirst: true }, work('2'))];
  await settled();
  expect(begun).toEqual(['1']);
  end('1');
  await settled();
  expect(begun).toEqual(['1', '2']);
  end('2');
  await Promise.all(both);
});

test('so much is worked on at once, and what goes first waits for nothing but a place', async () => {
  const { begun, work, end } = createLog();
  const turns = createTurns(2);
  const all = ['a', 'b', 'c', 'd'].map((key) => turns(other(key), work(key)));
  all.push(turns({ key: 'e', isFirst: true }, work('e')));
  await settled();
  expect(begun).toEqual(['a', 'b']);
  for (const name of ['b', 'a', 'e', 'c', 'd']) {
    end(name);
    await settled();
  }
  await Promise.all(all);
  expect(begun).toEqual(['a', 'b', 'e', 'c', 'd']);
});

test('work that fails leaves its place and its key to the next', async () => {
  const { begun, work, end, ends } = createLog();
  const turns = createTurns(1);
  const failing = turns(other('a'), work('1'));
  const next = turns(other('a'), work('2'));
  await settled();
  ends.get('1')?.reject(new Error('away'));
  expect(await failing.catch(String)).toBe('Error: away');
  await settled();
  expect(begun).toEqual(['1', '2']);
  end('2');
  await next;
});
