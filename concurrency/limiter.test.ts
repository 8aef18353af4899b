// The concurrency limiter: how much runs, how much waits, who is next, and who is refused.
import { describe, expect, test } from 'bun:test';
import { createLimiter, type AcquireOptions, type Limiter } from './limiter.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Work that says when it begins, and ends when the test says so. */
const controlled = (limiter: Limiter) => {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const run = (name: string, options?: AcquireOptions): Promise<string> => {
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    const work = async (): Promise<string> => {
      begun.push(name);
      await end.promise;
      return name;
    };
    return limiter.run(work, options).catch(String);
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.resolve();
    await settled();
  };
  return { begun, run, end, ends };
};

describe('a limiter', () => {
  test('runs so much at once, and what waits in the order of its calls', async () => {
    const limiter = createLimiter({ runningMax: 2 });
    const { begun, run, end } = controlled(limiter);
    const all = ['a', 'b', 'c', 'd'].map((name) => run(name));
    await settled();
    expect([begun, limiter.running()]).toEqual([['a', 'b'], 2]);
    await end('b');
    expect([begun, limiter.running()]).toEqual([['a', 'b', 'c'], 2]);
    for (const name of ['a', 'd', 'c']) await end(name);
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
    expect(limiter.running()).toBe(0);
  });

  test('refuses what finds the queue full, with the error of its maker', async () => {
    const onFull = (): Error => new Error('busy');
    const limiter = createLimiter({ runningMax: 1, waitingMax: 1, onFull });
    const { begun, run, end } = controlled(limiter);
    const taken = [run('a'), run('b')];
    expect(await run('c')).toBe('Error: busy');
    await end('a');
    taken.push(run('d'));
    await end('b');
    await end('d');
    expect(await Promise.all(taken)).toEqual(['a', 'b', 'd']);
    expect(begun).toEqual(['a', 'b', 'd']);
  });

  test('gives the slot of work that fails to the next', async () => {
    const limiter = createLimiter({ runningMax: 1 });
    const { begun, run, end, ends } = controlled(limiter);
    const failing = run('a');
    const next = run('b');
    ends.get('a')?.reject(new Error('away'));
    expect(await failing).toBe('Error: away');
    await end('b');
    expect([await next, begun]).toEqual(['b', ['a', 'b']]);
  });

  test('runs what is urgent before all that waits and is not', async () => {
    const { begun, run, end } = controlled(createLimiter({ runningMax: 1 }));
    const all = [run('a'), run('b'), run('c', { isUrgent: true }), run('d', { isUrgent: true })];
    for (const name of ['a', 'c', 'd', 'b']) await end(name);
    await Promise.all(all);
    expect(begun).toEqual(['a', 'c', 'd', 'b']);
  });

  test('gives a released slot to the call that waits, and not to a new one', async () => {
    const { begun, run, ends } = controlled(createLimiter({ runningMax: 1 }));
    const first = run('a');
    const second = run('b');
    ends.get('a')?.resolve();
    await first;
    const third = run('c');
    ends.get('b')?.resolve();
    ends.get('c')?.resolve();
    await Promise.all([second, third]);
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  test('follows a limit that changes', async () => {
    let max = 1;
    const { begun, run, end } = controlled(createLimiter({ runningMax: () => max }));
    const all = ['a', 'b', 'c', 'd'].map((name) => run(name));
    max = 2;
    await end('a');
    expect(begun).toEqual(['a', 'b', 'c']);
    max = 1;
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('c');
    await end('d');
    await Promise.all(all);
  });
});

describe('a slot', () => {
  test('is released once, however often its owner says so', async () => {
    const limiter = createLimiter({ runningMax: 2 });
    const release = await limiter.acquire();
    await limiter.acquire();
    release();
    release();
    expect(limiter.running()).toBe(1);
  });
});

describe('a call whose signal aborts', () => {
  test('leaves the queue at once, and fails with the reason', async () => {
    const onFull = (): Error => new Error('busy');
    const limiter = createLimiter({ runningMax: 1, waitingMax: 1, onFull });
    const { begun, run, end } = controlled(limiter);
    const first = run('a');
    const control = new AbortController();
    const waiting = run('b', { signal: control.signal });
    control.abort(new Error('too late'));
    expect(await waiting).toBe('Error: too late');
    const next = run('c');
    await end('a');
    await end('c');
    expect([await first, await next, begun]).toEqual(['a', 'c', ['a', 'c']]);
  });

  test('is not begun when it aborted before', async () => {
    const limiter = createLimiter({ runningMax: 1 });
    const signal = AbortSignal.abort(new Error('too late'));
    expect(await limiter.run(async () => 'begun', { signal }).catch(String)).toBe(
      'Error: too late',
    );
    expect(limiter.running()).toBe(0);
  });

  test('is not begun when it aborts between the release of a slot and its start', async () => {
    const limiter = createLimiter({ runningMax: 1 });
    const release = await limiter.acquire();
    const control = new AbortController();
    let isBegun = false;
    const work = async (): Promise<void> => void (isBegun = true);
    const waiting = limiter.run(work, { signal: control.signal }).catch(String);
    release();
    control.abort(new Error('too late'));
    expect([await waiting, isBegun, limiter.running()]).toEqual(['Error: too late', false, 0]);
  });

  test('keeps its slot until its work has ended', async () => {
    const limiter = createLimiter({ runningMax: 1 });
    const { run, end } = controlled(limiter);
    const control = new AbortController();
    const running = run('a', { signal: control.signal });
    await settled();
    control.abort(new Error('too late'));
    expect(limiter.running()).toBe(1);
    await end('a');
    expect([await running, limiter.running()]).toEqual(['a', 0]);
  });
});
