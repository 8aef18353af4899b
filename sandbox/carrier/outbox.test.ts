// Tests that the carrier's outbox loses nothing in a restart and does not grow for ever.
import { describe, expect, test } from 'bun:test';
import { Database } from 'bun:sqlite';
import { openOutbox } from './outbox.ts';
import { retryAfterMs } from './webhooks.ts';

const LIMITS = { eventsKept: 3, deliveriesMax: 3 };

describe('the outbox', () => {
  test('keeps the newest events and deliveries, held ones included', () => {
    const outbox = openOutbox(new Database(':memory:'), LIMITS);
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      outbox.putEvent(id, `body of ${id}`);
      outbox.put(id, `body of ${id}`, id < 'd' ? undefined : 0);
    }
    expect(outbox.counts()).toEqual({ held: 1, unsent: 2 });
    expect([outbox.bodyOf('b'), outbox.bodyOf('c')]).toEqual([undefined, 'body of c']);
    outbox.release('oldest first', 0);
    expect(outbox.take(10).map(({ eventId }) => eventId)).toEqual(['d', 'e', 'c']);
  });

  test('gives a delivery to one sender at a time, and to the next process at once', () => {
    const db = new Database(':memory:');
    const outbox = openOutbox(db, LIMITS);
    outbox.put('a', '{}', Date.now());
    expect(outbox.take(10)).toMatchObject([{ eventId: 'a', tries: 1 }]);
    expect(outbox.take(10)).toEqual([]);
    expect(openOutbox(db, LIMITS).take(10)).toMatchObject([{ eventId: 'a', tries: 2 }]);
  });

  test('knows when the next delivery is due, and that a held one is not', () => {
    const outbox = openOutbox(new Database(':memory:'), LIMITS);
    expect(outbox.nextAtMs()).toBeUndefined();
    outbox.put('a', '{}', undefined);
    expect(outbox.nextAtMs()).toBeUndefined();
    outbox.put('b', '{}', 2_000);
    outbox.put('c', '{}', 1_000);
    expect(outbox.nextAtMs()).toBe(1_000);
  });

  test('releases what is held in either order', () => {
    const released = (order: 'oldest first' | 'newest first') => {
      const db = new Database(':memory:');
      const outbox = openOutbox(db, LIMITS);
      for (const id of ['a', 'b', 'c']) outbox.put(id, '{}', undefined);
      outbox.release(order, 10);
      expect(outbox.counts()).toEqual({ held: 0, unsent: 3 });
      return db.query('select eventId from deliveries order by dueAtMs').values().flat();
    };
    expect(released('oldest first')).toEqual(['a', 'b', 'c']);
    expect(released('newest first')).toEqual(['c', 'b', 'a']);
  });
});

test('a delivery is tried at growing intervals for a while, then given up', () => {
  const waits: number[] = [];
  for (let tries = 1; retryAfterMs(tries) !== undefined; tries++) {
    waits.push(retryAfterMs(tries) ?? 0);
  }
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  const sumMs = waits.reduce((sum, one) => sum + one, 0);
  expect([sumMs > 20 * 60_000, sumMs < 40 * 60_000]).toEqual([true, true]);
});
