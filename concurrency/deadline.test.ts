// Deadlines: late work fails its caller and is cancelled; work in time leaves nothing behind.
import { describe, expect, test } from 'bun:test';
import { waitAtMost, withDeadline } from './deadline.ts';

const SHORT_MS = 5;
const LONG_MS = 60_000;
const late = (): Error => new Error('late');
const never = <T = void>(): Promise<T> => Promise.withResolvers<T>().promise;

describe('work with a deadline', () => {
  test('answers or fails as the work does, when it is in time', async () => {
    expect(await withDeadline(async () => 7, LONG_MS, late)).toBe(7);
    const failing = withDeadline(() => Promise.reject(new Error('away')), LONG_MS, late);
    expect(await failing.catch(String)).toBe('Error: away');
    const thrown = (): Promise<never> => {
      throw new Error('at once');
    };
    expect(await withDeadline(thrown, LONG_MS, late).catch(String)).toBe('Error: at once');
  });

  test('is not aborted when it was in time, not even later', async () => {
    let signal: AbortSignal | undefined;
    const work = async (given: AbortSignal): Promise<void> => void (signal = given);
    await withDeadline(work, SHORT_MS, late);
    await Bun.sleep(SHORT_MS * 2);
    expect(signal?.aborted).toBe(false);
  });

  test('fails with the error of the caller when it is late, and its signal aborts with it', async () => {
    let signal: AbortSignal | undefined;
    const work = (given: AbortSignal): Promise<void> => {
      signal = given;
      return never();
    };
    const error: unknown = await withDeadline(work, SHORT_MS, late).catch((reason) => reason);
    expect(String(error)).toBe('Error: late');
    expect(signal?.reason).toBe(error);
  });

  test('fails with the error of the caller, also when the abort makes the work fail', async () => {
    const work = (signal: AbortSignal): Promise<void> => {
      const { promise, reject } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => reject(new Error('cancelled')));
      return promise;
    };
    expect(await withDeadline(work, SHORT_MS, late).catch(String)).toBe('Error: late');
  });

  test('leaves no unhandled rejection when it fails later', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const end = Promise.withResolvers<void>();
    expect(await withDeadline(() => end.promise, SHORT_MS, late).catch(String)).toBe('Error: late');
    end.reject(new Error('too late to matter'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('waiting for work', () => {
  test('ends with the work', () => waitAtMost(Promise.resolve(), LONG_MS));

  test('ends without an error when the time is over', () => waitAtMost(never(), SHORT_MS));

  test('fails with the work', async () => {
    const work = Promise.reject(new Error('away'));
    expect(await waitAtMost(work, LONG_MS).catch(String)).toBe('Error: away');
  });
});
