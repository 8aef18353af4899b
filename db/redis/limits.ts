// Rates and payment attempts in Redis: one script each, atomic, on the server's clock, with a TTL.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RedisClient, RedisCommands } from './client.ts';

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

interface Script {
  text: string;
  sha: string;
}

const scriptOf = (file: string): Script => {
  const text = readFileSync(resolve(import.meta.dirname, file), 'utf8');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
};

const TAKE = scriptOf('limits.lua');
const ATTEMPT = scriptOf('attempts.lua');

type Words = (string | number)[];

/** By its hash; a server that does not know it yet is given the text. */
const run = (redis: RedisCommands, { text, sha }: Script, keys: string[], words: Words) =>
  redis.evalsha(sha, keys.length, ...keys, ...words).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, keys.length, ...keys, ...words);
  });

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
      const answer = (await run(redis, TAKE, keys, words)) as number[];
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
      return Number(await run(redis, ATTEMPT, keys, [id, ...words]));
    }),
  /** An attempt that turned out well counts no more. */
  forgive: (storeId: string, subjects: Subject[], id: string): Promise<void> =>
    client.run('limits.forgive', async (redis) => {
      await Promise.all(subjects.map(({ key }) => redis.zrem(attemptKey(storeId, key), id)));
    }),
});

export type LimitStore = ReturnType<typeof createLimitStore>;
