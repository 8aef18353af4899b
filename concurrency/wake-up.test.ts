// Wake-ups: none is lost between two waits, and each ends one wait.
import { expect, test } from 'bun:test';
import { createWakeUp } from './wake-up.ts';

const LONG_MS = 60_000;
const SHORT_MS = 5;

test('a wake ends the wait that goes on', async () => {
  const { wake, next } = createWakeUp();
  const waiting = next(LONG_MS);
  wake();
  expect(await waiting).toBeUndefined();
});

test('wakes before a wait end it, and not the one after it', async () => {
  const { wake, next } = createWakeUp();
  wake();
  wake();
  await next(LONG_MS);
  const second = next(LONG_MS);
  await Bun.sleep(SHORT_MS);
  expect(Bun.peek.status(second)).toBe('pending');
  wake();
  await second;
});

test('a wait ends by itself, and the next one still waits for its wake', async () => {
  const { wake, next } = createWakeUp();
  await next(SHORT_MS);
  const second = next(LONG_MS);
  await Bun.sleep(SHORT_MS);
  expect(Bun.peek.status(second)).toBe('pending');
  wake();
  await second;
});
