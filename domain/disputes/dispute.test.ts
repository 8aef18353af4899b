// Tests which disputes have taken money, and how long a person may decide about their evidence.
import { describe, expect, test } from 'bun:test';
import { decisionMs, DISPUTE_STATES, isOver, isWithdrawn } from './dispute.ts';
import { EVIDENCE_FIELDS, EVIDENCE_LENGTH_MAX } from './evidence.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const dueIn = (hours: number): Date => new Date(NOW_MS + hours * HOUR_MS);

describe('a dispute', () => {
  test('holds its money until it is won, and an inquiry never does', () => {
    const holding = DISPUTE_STATES.filter((state) => isWithdrawn({ state, isInquiry: false }));
    expect(holding).toEqual(['opened', 'evidence_prepared', 'answered', 'lost']);
    expect(DISPUTE_STATES.some((state) => isWithdrawn({ state, isInquiry: true }))).toBe(false);
  });

  test('is over once it is won, lost or closed', () => {
    expect(DISPUTE_STATES.filter((state) => isOver(state))).toEqual(['won', 'lost', 'closed']);
  });
});

describe('evidence', () => {
  test('is sent at once by the rule', () => {
    expect(decisionMs('rule', dueIn(100), NOW_MS)).toBe(0);
  });

  test('waits for a person until a day before its deadline, and not beyond', () => {
    expect(decisionMs('person', dueIn(7 * 24), NOW_MS)).toBe(6 * 24 * HOUR_MS);
    expect(decisionMs('person', dueIn(23), NOW_MS)).toBe(0);
    expect(decisionMs('person', dueIn(-5), NOW_MS)).toBe(0);
  });

  test('fits into what the provider takes in all', () => {
    expect(EVIDENCE_FIELDS.length * EVIDENCE_LENGTH_MAX).toBeLessThan(150_000);
  });
});
