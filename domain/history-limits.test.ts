// Tests that what clients may do to an order keeps the history of its workflow short.
import { describe, expect, test } from 'bun:test';
import { EXTENSIONS_MAX, POLL_FIRST_MS, POLL_SLOWER } from '../workflows/order/paying.ts';
import { ADDRESS_CHANGES_MAX, CARDS_MAX, lookIntervalMs } from './history-limits.ts';

const EVENTS_MAX = 2_000;
const WINDOW_MS = 15 * 60_000;
const WAITING_MS = (1 + EXTENSIONS_MAX) * WINDOW_MS;
const LOOKS_MAX = 75;
/** The same card is tried again for a temporary decline; see domain/declines.ts. */
const RETRIES_MAX = 3;

/** Events of Temporal: a task of the workflow, an activity, and a timer that is cancelled. */
const TASK = 3;
const ACTIVITY = 3;
const TIMER = 2;
const LOCAL = 1;
const LOOK = 1 + TASK + ACTIVITY + TASK + TIMER;
/** An update is accepted and completed; its card ends a running attempt and has a mail. */
const CARD = 2 + TASK + LOCAL + 1 + LOOK + ACTIVITY;
const ADDRESS = 2 + TASK + LOCAL;
/** An order that is paid at once and delivered, and its cancellation with every undo. */
const OTHERS = 55 + 2 + TASK + 4 * (ACTIVITY + TASK);

const looksWithin = (ms: number): number => {
  let looks = 0;
  for (let atMs = 0; atMs < ms; atMs += lookIntervalMs(looks)) looks++;
  return looks;
};

/** Polls begin again with each card. */
const pollsWithin = (ms: number, cards: number): number => {
  let polls = 0;
  let [atMs, pollMs] = [0, POLL_FIRST_MS];
  while (atMs + pollMs <= ms / cards) {
    polls++;
    atMs += pollMs;
    pollMs *= POLL_SLOWER;
  }
  return polls * cards;
};

describe('the history of an order whose client does all it can', () => {
  test('has few looks at the payment, at first as often as a shopper needs', () => {
    expect(lookIntervalMs(0)).toBe(3_000);
    expect(lookIntervalMs(9)).toBe(3_000);
    expect(lookIntervalMs(10)).toBe(6_000);
    expect(lookIntervalMs(25)).toBe(12_000);
    expect(looksWithin(WAITING_MS)).toBeLessThanOrEqual(LOOKS_MAX);
  });

  test('stays far below what Temporal takes', () => {
    const events =
      looksWithin(WAITING_MS) * LOOK +
      CARDS_MAX * CARD +
      (pollsWithin(WAITING_MS, CARDS_MAX) + RETRIES_MAX) * LOOK +
      ADDRESS_CHANGES_MAX * ADDRESS +
      OTHERS;
    expect(events).toBeLessThanOrEqual(EVENTS_MAX);
  });
});
