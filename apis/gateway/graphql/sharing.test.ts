// Sharing: many equal questions are one call behind the door, and no answer is kept.
import { describe, expect, test } from 'bun:test';
import { createSharing } from './sharing.ts';

/** Work that ends when it is told to, and counts how often it was begun. */
const held = () => {
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const work = async (): Promise<number> => {
    calls++;
    await gate.promise;
    return calls;
  };
  return { work, release: gate.resolve, fail: gate.reject, calls: () => calls };
};

describe('equal questions', () => {
  test('that are under way at once are asked once', async () => {
    const share = createSharing<number>();
    const { work, release, calls } = held();
    const answers = Array.from({ length: 100 }, () => share('same', work));
    release();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([1]));
    expect(calls()).toBe(1);
  });

  test('are asked anew once the first is answered', async () => {
    const share = createSharing<number>();
    const { work, release, calls } = held();
    release();
    await share('same', work);
    await share('same', work);
    expect(calls()).toBe(2);
  });

  test('fail together, and the next is tried again', async () => {
    const share = createSharing<number>();
    const { work, fail, calls } = held();
    const both = [share('same', work), share('same', work)];
    fail(new Error('away'));
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await share('same', work).catch(() => undefined);
    expect(calls()).toBe(2);
  });
});

test('other questions are not waited for', async () => {
  const share = createSharing<string>();
  const slow = held();
  const waiting = share('slow', async () => String(await slow.work()));
  expect(await share('quick', async () => 'quick')).toBe('quick');
  slow.release();
  expect(await waiting).toBe('1');
});
