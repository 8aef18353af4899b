// Tests the counts of wrong passwords: bounded whatever the number of addresses, and never a lock.
import { beforeAll, describe, expect, test } from 'bun:test';
import { Redis } from 'ioredis';
import { connectRedis } from '../../db/redis/client.ts';
import { createLimitStore, type LimitStore } from '../../db/redis/limits.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';

/** Longer than any test: nothing is forgotten and no turn comes meanwhile. */
const WINDOW_MS = 3_600_000;
const GAP_MS = 600_000;
const MOST = 3;
const FREE = 4;

let store: LimitStore;
let redis: Redis;
beforeAll(async () => {
  const { env } = await openShop();
  const url = env['REDIS_URL'] ?? '';
  const client = connectRedis(url, createTelemetry('password-attempts', 'error'));
  await client.connected(UP_LIMIT_MS);
  store = createLimitStore(client);
  redis = new Redis(url);
}, UP_LIMIT_MS);

const accountOfItsOwn = () => {
  const account = crypto.randomUUID();
  const limits = { most: MOST, free: FREE, windowMs: WINDOW_MS, gapMs: GAP_MS };
  const attemptOf = (caller: string) => ({ id: crypto.randomUUID(), account, caller, ...limits });
  return {
    attemptOf,
    /** How many turns are booked. */
    booked: () => redis.zcard(`attempts:{sto_default}:turns:${account}`),
    guess: (caller: string) => store.tryPassword('sto_default', attemptOf(caller)),
    /** Lets the time of a caller's turn come. */
    turnComes: (caller: string) =>
      redis.zadd(`attempts:{sto_default}:turns:${account}`, Date.now() - 1_000, caller),
  };
};

const about = (ms: number, expected: number): boolean => Math.abs(ms - expected) < 60_000;

describe('wrong passwords of an account', () => {
  test('make their caller wait, and no other one', async () => {
    const { guess } = accountOfItsOwn();
    expect([await guess('a'), await guess('a'), await guess('a')]).toEqual([0, 0, 0]);
    expect(about(await guess('a'), WINDOW_MS)).toBe(true);
    expect(await guess('b')).toBe(0);
  });

  test('from many callers make each unknown one wait for a turn, longer with each', async () => {
    const { guess } = accountOfItsOwn();
    for (const caller of ['a', 'b', 'c', 'd']) expect(await guess(caller)).toBe(0);
    const waits = [await guess('e'), await guess('f'), await guess('g')];
    expect(waits.map((ms, at) => about(ms, GAP_MS * (at + 1)))).toEqual([true, true, true]);
    // Asking again moves no turn.
    expect(about(await guess('e'), GAP_MS)).toBe(true);
    expect(about(await guess('g'), GAP_MS * 3)).toBe(true);
  });

  test('book turns for one window ahead at most, and the next caller none', async () => {
    const { guess, booked, turnComes } = accountOfItsOwn();
    for (const caller of ['a', 'b', 'c', 'd']) await guess(caller);
    const turns = WINDOW_MS / GAP_MS;
    for (let at = 0; at < 10 * turns; at++) {
      expect(await guess(`site-${at}`)).toBeLessThanOrEqual(WINDOW_MS);
    }
    expect(await booked()).toBe(turns);
    expect(about(await guess('owner'), GAP_MS)).toBe(true);
    // A turn that is over makes no other one earlier.
    await turnComes('site-0');
    expect(await guess('site-0')).toBe(0);
    expect(about(await guess('owner'), GAP_MS)).toBe(true);
    expect(await booked()).toBe(turns - 1);
  });

  test('are let in one a turn, each by the caller whose turn it is', async () => {
    const { guess, turnComes } = accountOfItsOwn();
    for (const caller of ['a', 'b', 'c', 'd']) await guess(caller);
    await guess('owner');
    await guess('e');
    await turnComes('owner');
    expect(await guess('owner')).toBe(0);
    // A turn is for one attempt.
    expect(await guess('owner')).toBeGreaterThan(0);
    expect(await guess('e')).toBeGreaterThan(0);
  });

  test('wait longer the more there are', async () => {
    const { guess, turnComes } = accountOfItsOwn();
    for (const caller of ['a', 'b', 'c', 'd']) await guess(caller);
    for (const caller of ['e', 'f', 'g', 'h']) {
      await turnComes(caller);
      expect(await guess(caller)).toBe(0);
    }
    expect(about(await guess('i'), GAP_MS * 2)).toBe(true);
  });

  test('do not count once they are known to be right', async () => {
    const { attemptOf, guess } = accountOfItsOwn();
    for (let tries = 0; tries < 2 * FREE; tries++) {
      const one = attemptOf('a');
      expect(await store.tryPassword('sto_default', one)).toBe(0);
      await store.forgivePassword('sto_default', one);
    }
    expect(await guess('a')).toBe(0);
  });

  test('however many come at once, are let in up to the bound', async () => {
    const { guess } = accountOfItsOwn();
    const waits = await Promise.all(Array.from({ length: 40 }, (_, at) => guess(`caller-${at}`)));
    expect(waits.filter((ms) => ms === 0)).toHaveLength(FREE);
  });
});
