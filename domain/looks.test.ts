// Tests the schedules of looks: how many there are, and how they are spread.
import { describe, expect, test } from 'bun:test';
import { DISPUTE_LOOKS, PARCEL_LOOKS, waitBeforeLook, type LookPhase } from './looks.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const waitsOf = (schedule: readonly LookPhase[], firstMs: number): number[] => {
  const waits: number[] = [];
  for (;;) {
    const wait = waitBeforeLook(schedule, waits.length, firstMs);
    if (wait === undefined) return waits;
    waits.push(wait);
  }
};
const sumOf = (waits: number[]): number => waits.reduce((sum, one) => sum + one, 0);

describe('schedules of looks', () => {
  test('a parcel that sends no event is looked at at most 100 times in 60 days', () => {
    const waits = waitsOf(PARCEL_LOOKS, 5 * MINUTE_MS);
    expect(waits.length).toBeLessThanOrEqual(100);
    expect(Math.round(sumOf(waits) / DAY_MS)).toBe(60);
    expect([waits[0], waits.at(-1)]).toEqual([5 * MINUTE_MS, 2 * DAY_MS]);
  });

  test('a dispute is looked at for four months', () => {
    expect(sumOf(waitsOf(DISPUTE_LOOKS, 60 * MINUTE_MS)) / DAY_MS).toBe(120);
  });

  test('a wait is never shorter than the one before, and all are in proportion to the first', () => {
    const waits = waitsOf(PARCEL_LOOKS, 5 * MINUTE_MS);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    const quick = waitsOf(PARCEL_LOOKS, 300);
    expect(quick).toEqual(waits.map((wait) => wait / 1_000));
  });
});
