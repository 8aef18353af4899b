// Rate limits and payment attempts in Redis: one atomic script each, on the server's clock.
import type { RedisClient } from './client.ts';
import { runScript, scriptOf } from './scripts.ts';

/** A subject's bucket: `quota` units per window, which may be used in one burst. */
export interface Bucket {
  key: string;
  quota: number;
  windowMs: number;
}

/** A bucket after a cost was taken, or refused when `waitMs` is not 0. */
export interface Level {
  left: number;
  fullInMs: number;
  waitMs: number;
}

/** The number of possibly bad attempts a subject may make within a window. */
export interface Subject {
  key: string;
  most: number;
  windowMs: number;
}

/** An attempt of an unknown device to sign in, and the limits of such attempts. */
export interface PasswordAttempt {
  id: string;
  /** The account, and the caller at it, as hashes. */
  account: string;
  caller: string;
  /** The failures that a caller may have at an account. */
  most: number;
  /** The failures of all callers at an account before they take turns. */
  free: number;
  windowMs: number;
  /** Between two turns, for each `free` failures. */
  gapMs: number;
}

const passwordKeys = ({ account, caller }: PasswordAttempt): string[] => [
  `password:${account}:${caller}`,
  `password:${account}`,
];

export interface Admission {
  /** 0, or the ms to wait after too many failures. */
  waitMs: number;
  /** False for an attempt that an earlier call has recorded. */
  isNew: boolean;
}

const TAKE = scriptOf('limits.lua');
const ATTEMPT = scriptOf('attempts.lua');
const PASSWORD = scriptOf('passwords.lua');

/**
 * `rate:{<storeId>}:…` TTL: until the bucket is full. One slot per store, so that one script sees
 * all.
 */
const rateKey = (storeId: string, key: string): string => `rate:{${storeId}}:${key}`;
/** `attempts:{<storeId>}:…` TTL: the subject's window. */
const attemptKey = (storeId: string, key: string): string => `attempts:{${storeId}}:${key}`;
/** `awaited:{<storeId>}:<orderId>` TTL: the longest window of its subjects. */
const awaitedKey = (storeId: string, orderId: string): string => `awaited:{${storeId}}:${orderId}`;

export const createLimitStore = (client: RedisClient) => ({
  /** Takes `cost` from every bucket, or from none while one of them has too little. */
  take: (storeId: string, buckets: Bucket[], cost: number): Promise<Level[]> =>
    client.run('limits.take', async (redis) => {
      const keys = buckets.map(({ key }) => rateKey(storeId, key));
      const words = buckets.flatMap(({ quota, windowMs }) => [quota, windowMs, cost]);
      const answer = (await runScript(redis, TAKE, keys, words)) as number[];
      return buckets.map((_, at) => {
        const [left = 0, fullInMs = 0, waitMs = 0] = answer.slice(3 * at, 3 * at + 3);
        return { left, fullInMs, waitMs };
      });
    }),
  /** Records an attempt, unless too many have failed. */
  attempt: (storeId: string, subjects: Subject[], id: string): Promise<Admission> =>
    client.run('limits.attempt', async (redis) => {
      const keys = subjects.map(({ key }) => attemptKey(storeId, key));
      const words = subjects.flatMap(({ most, windowMs }) => [most, windowMs]);
      const answer = (await runScript(redis, ATTEMPT, keys, [id, ...words])) as number[];
      const [waitMs = 0, added = 0] = answer;
      return { waitMs, isNew: added === 1 };
    }),
  /** Records an attempt of an unknown device; returns 0, or the ms until it may be made. */
  tryPassword: (storeId: string, one: PasswordAttempt): Promise<number> =>
    client.run('limits.tryPassword', async (redis) => {
      const keys = [...passwordKeys(one), `turns:${one.account}`];
      const { id, caller, most, free, windowMs, gapMs } = one;
      const words = [id, caller, most, free, windowMs, gapMs];
      const named = keys.map((key) => attemptKey(storeId, key));
      return Number(await runScript(redis, PASSWORD, named, words));
    }),
  /** Removes an attempt whose password was right from the counts. */
  forgivePassword: (storeId: string, one: PasswordAttempt): Promise<void> =>
    client.run('limits.forgivePassword', async (redis) => {
      const keys = passwordKeys(one).map((key) => attemptKey(storeId, key));
      await Promise.all(keys.map((key) => redis.zrem(key, one.id)));
    }),
  /** Removes an attempt that succeeded from the count. */
  forgive: (storeId: string, subjects: Subject[], id: string): Promise<void> =>
    client.run('limits.forgive', async (redis) => {
      await Promise.all(subjects.map(({ key }) => redis.zrem(attemptKey(storeId, key), id)));
    }),
  /** Remembers which attempts stay counted until an order's payment is known to be made. */
  noteAwaited: (storeId: string, orderId: string, subjects: Subject[], id: string): Promise<void> =>
    client.run('limits.noteAwaited', async (redis) => {
      const key = awaitedKey(storeId, orderId);
      const members = subjects.map((subject) => JSON.stringify([subject.key, id]));
      const longestMs = Math.max(1, ...subjects.map(({ windowMs }) => windowMs));
      if (members.length > 0) await redis.multi().sadd(key, members).pexpire(key, longestMs).exec();
    }),
  /** Removes the attempts of an order that is paid from the count. */
  forgiveAwaited: (storeId: string, orderId: string): Promise<void> =>
    client.run('limits.forgiveAwaited', async (redis) => {
      const key = awaitedKey(storeId, orderId);
      const members = await redis.smembers(key);
      const attempts = members.map((member) => JSON.parse(member) as [string, string]);
      await Promise.all(attempts.map(([of, id]) => redis.zrem(attemptKey(storeId, of), id)));
      await redis.del(key);
    }),
});

export type LimitStore = ReturnType<typeof createLimitStore>;
