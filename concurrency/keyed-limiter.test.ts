// The keyed limiter: one of a key at a time, so many of all, and urgent work before the rest.
import { expect, test } from 'bun:test';
import { createKeyedLimiter } from './keyed-limiter.ts';

/** Work that says when it begins, and ends when the test says so. */
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

const URGENT = { isUrgent: true };

test('work of one key runs one after the other, in the order of the calls', async () => {
  const { begun, work, end } = createLog();
  const limiter = createKeyedLimiter(8);
  const both = [limiter.run('a', work('1')), limiter.run('a', work('2'), URGENT)];
  await settled();
  expect(begun).toEqual(['1']);
  end('1');
  await settled();
  expect(begun).toEqual(['1', '2']);
  end('2');
  await Promise.all(both);
});

test('so much runs at once, and urgent work waits for nothing but a slot', async () => {
  const { begun, work, end } = createLog();
  const limiter = createKeyedLimiter(2);
  const all = ['a', 'b', 'c', 'd'].map((key) => limiter.run(key, work(key)));
  all.push(limiter.run('e', work('e'), URGENT));
  await settled();
  expect(begun).toEqual(['a', 'b']);
  for (const name of ['b', 'a', 'e', 'c', 'd']) {
    end(name);
    await settled();
  }
  await Promise.all(all);
  expect(begun).toEqual(['a', 'b', 'e', 'c', 'd']);
});

test('work takes its place in the queue once it is the first of its key', async () => {
  const { begun, work, end } = createLog();
  const limiter = createKeyedLimiter(1);
  const all = ['a', 'a', 'b'].map((key, at) => limiter.run(key, work(`${key}${at}`)));
  for (const name of ['a0', 'b2', 'a1']) {
    await settled();
    end(name);
  }
  await Promise.all(all);
  expect(begun).toEqual(['a0', 'b2', 'a1']);
});

test('work that fails leaves its slot and its key to the next', async () => {
  const { begun, work, end, ends } = createLog();
  const limiter = createKeyedLimiter(1);
  const failing = limiter.run('a', work('1'));
  const next = limiter.run('a', work('2'));
  await settled();
  ends.get('1')?.reject(new Error('away'));
  expect(await failing.catch(String)).toBe('Error: away');
  await settled();
  expect(begun).toEqual(['1', '2']);
  end('2');
  await next;
});

test('work whose signal aborts leaves the queue at once, whether of its key or of all', async () => {
  const { begun, work, end } = createLog();
  const limiter = createKeyedLimiter(1);
  const first = limiter.run('a', work('1'));
  await settled();
  for (const key of ['a', 'b']) {
    const control = new AbortController();
    const waiting = limiter.run(key, work(`${key} aborted`), { signal: control.signal });
    const next = limiter.run(key, work(key));
    await settled();
    control.abort(new Error('too late'));
    expect(await waiting.catch(String)).toBe('Error: too late');
    void next;
  }
  for (const name of ['1', 'b', 'a']) {
    end(name);
    await settled();
  }
  await first;
  expect(begun).toEqual(['1', 'b', 'a']);
});
