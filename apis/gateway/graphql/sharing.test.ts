// Tests that equal concurrent queries share one call, and that no response is kept.
import { describe, expect, test } from 'bun:test';
import { createSharing } from './sharing.ts';

const LONG_MS = 5_000;

/** Work that ends on command, and counts how often it was begun. */
const held = () => {
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const work = async (): Promise<number> => {
    const mine = ++calls;
    await gate.promise;
    return mine;
  };
  return { work, release: gate.resolve, fail: gate.reject, calls: () => calls };
};

describe('equal queries', () => {
  test('that run at the same time share one call', async () => {
    const share = createSharing<number>(LONG_MS);
    const { work, release, calls } = held();
    const answers = Array.from({ length: 100 }, () => share(['same'], LONG_MS, work));
    release();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([1]));
    expect(calls()).toBe(1);
  });

  test('run again once the first has ended', async () => {
    const share = createSharing<number>(LONG_MS);
    const { work, release } = held();
    release();
    expect([await share(['same'], LONG_MS, work), await share(['same'], LONG_MS, work)]).toEqual([
      1, 2,
    ]);
  });

  test('fail together, and the next one runs again', async () => {
    const share = createSharing<number>(LONG_MS);
    const { work, fail, calls } = held();
    const both = [share(['same'], LONG_MS, work), share(['same'], LONG_MS, work)];
    fail(new Error('away'));
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await share(['same'], LONG_MS, work).catch(() => undefined);
    expect(calls()).toBe(2);
  });

  test('do not join one that began too long ago', async () => {
    const share = createSharing<number>(LONG_MS);
    const { work, release } = held();
    const both = [share(['same'], 0, work), share(['same'], 0, work)];
    release();
    expect(await Promise.all(both)).toEqual([1, 2]);
  });

  test('end at the deadline, even where the work never does, and are then forgotten', async () => {
    const share = createSharing<number>(20);
    let aborted = 0;
    const never = (signal: AbortSignal): Promise<number> => {
      signal.addEventListener('abort', () => void aborted++);
      return Promise.withResolvers<number>().promise;
    };
    const late = await share(['same'], LONG_MS, never).catch((error: Error) => error.message);
    expect(late).toContain('too long');
    expect(await share(['same'], LONG_MS, async () => 7)).toBe(7);
    expect(aborted).toBe(1);
  });
});

test('that differ in any part do not share', async () => {
  const share = createSharing<string>(LONG_MS);
  const slow = held();
  const waiting = share(['a', 'bc'], LONG_MS, async () => String(await slow.work()));
  expect(await share(['ab', 'c'], LONG_MS, async () => 'quick')).toBe('quick');
  slow.release();
  expect(await waiting).toBe('1');
});
