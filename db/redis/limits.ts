// Rates and payment attempts in Redis: one script each, atomic, on the server's clock, with a TTL.
import type { RedisClient } from './client.ts';
import { runScript, scriptOf } from './scripts.ts';

/** A bucket of one subject: `quota` units each window, all of them at once if they are there. */
export interface Bucket {
  key: string;
  quota: number;
  windowMs: number;
}

/** A bucket after a cost was taken, or refused while `waitMs` is not 0. */
export interface Level {
  left: number;
  fullInMs: number;
  waitMs: number;
}

/** How many attempts that are not known to be good a subject may have within a window. */
export interface Subject {
  key: string;
  most: number;
  windowMs: number;
}

const TAKE = scriptOf('limits.lua');
const ATTEMPT = scriptOf('attempts.lua');

/** `rate:{<storeId>}:…` TTL: until the bucket is full. One slot a store, so one script sees all. */
const rateKey = (storeId: string, key: string): string => `rate:{${storeId}}:${key}`;
/** `attempts:{<storeId>}:…` TTL: the subject's window. */
const attemptKey = (storeId: string, key: string): string => `attempts:{${storeId}}:${key}`;

export const createLimitStore = (client: RedisClient) => ({
  /** Takes `cost` from every bucket or, while one of them has too little, from none. */
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
  /** Notes an attempt; answers 0, or how many ms it must wait because too many went wrong. */
  attempt: (storeId: string, subjects: Subject[], id: string): Promise<number> =>
    client.run('limits.attempt', async (redis) => {
      const keys = subjects.map(({ key }) => attemptKey(storeId, key));
      const words = subjects.flatMap(({ most, windowMs }) => [most, windowMs]);
      return Number(await runScript(redis, ATTEMPT, keys, [id, ...words]));
    }),
  /** An attempt that turned out well counts no more. */
  forgive: (storeId: string, subjects: Subject[], id: string): Promise<void> =>
    client.run('limits.forgive', async (redis) => {
      await Promise.all(subjects.map(({ key }) => redis.zrem(attemptKey(storeId, key), id)));
    }),
});

export type LimitStore = ReturnType<typeof createLimitStore>;
