// The adaptive limit: it finds what a service answers in time, within its bounds.
import { describe, expect, test } from 'bun:test';
import { createAdaptiveLimit } from './adaptive-limit.ts';

describe('an adaptive limit', () => {
  const TARGET_MS = 400;
  /** A service that answers so many a second, first come first served, under constant demand. */
  const loaded = (perSecond: number, max = 400) => {
    let nowMs = 0;
    const limit = createAdaptiveLimit(max, TARGET_MS, () => nowMs);
    const begunAt: number[] = [];
    const latencies: number[] = [];
    for (let answered = 0; answered < perSecond * 60; answered++) {
      while (begunAt.length < limit.current()) begunAt.push(nowMs);
      nowMs += 1_000 / perSecond;
      const latencyMs = nowMs - (begunAt[0] ?? nowMs);
      limit.observe(latencyMs, begunAt.length);
      begunAt.shift();
      latencies.push(latencyMs);
    }
    return { limit: limit.current(), latencies: latencies.slice(-perSecond * 10) };
  };

  test('becomes what is answered in time, whatever that is', () => {
    for (const perSecond of [100, 250, 500]) {
      const { limit, latencies } = loaded(perSecond);
      const inTime = (perSecond * TARGET_MS) / 1_000;
      expect(limit).toBeGreaterThan(inTime * 0.75);
      expect(limit).toBeLessThan(inTime * 1.5);
      expect(Math.max(...latencies)).toBeLessThan(TARGET_MS * 2);
    }
  });

  test('stays at its maximum where the service could do more', () => {
    expect(loaded(2_000).limit).toBe(400);
  });

  test('is not reduced by a few slow calls, and has a lower end', () => {
    let nowMs = 0;
    const limit = createAdaptiveLimit(400, TARGET_MS, () => nowMs);
    limit.observe(5_000, 25);
    expect(limit.current()).toBe(400);
    for (let slow = 0; slow < 1_000; slow++) {
      nowMs += TARGET_MS;
      limit.observe(5_000, 400);
    }
    expect(limit.current()).toBe(25);
    for (let good = 0; good < 4_000; good++) limit.observe(10, 25);
    expect(limit.current()).toBe(400);
  });
});
