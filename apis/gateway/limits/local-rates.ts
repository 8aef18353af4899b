// Counts rates in this process alone, while Redis is unavailable.
import type { Bucket, Level } from '../../../db/redis/limits.ts';

const BUCKETS_MAX = 20_000;

/** Uses the same arithmetic as the script in Redis; drops the longest unused bucket first. */
export const createLocalRates = (now: () => number = () => performance.now()) => {
  const fullAt = new Map<string, number>();
  const look = ({ key, quota, windowMs }: Bucket, cost: number, atMs: number) => {
    const stepMs = windowMs / quota;
    const present = Math.max(fullAt.get(key) ?? 0, atMs);
    const wanted = present + cost * stepMs;
    return { key, stepMs, windowMs, present, wanted, waitMs: wanted - windowMs - atMs };
  };
  const write = (key: string, value: number): void => {
    fullAt.delete(key);
    fullAt.set(key, value);
    const oldest = fullAt.keys().next().value;
    if (fullAt.size > BUCKETS_MAX && oldest !== undefined) fullAt.delete(oldest);
  };
  return {
    take: (storeId: string, buckets: Bucket[], cost: number): Level[] => {
      const atMs = now();
      const own = buckets.map((bucket) => ({ ...bucket, key: `${storeId}/${bucket.key}` }));
      const looked = own.map((bucket) => look(bucket, cost, atMs));
      const refused = looked.some(({ waitMs }) => waitMs > 0.001);
      return looked.map(({ key, stepMs, windowMs, present, wanted, waitMs }) => {
        if (!refused) write(key, wanted);
        const fullInMs = (refused ? present : wanted) - atMs;
        return {
          left: Math.floor((windowMs - fullInMs) / stepMs + 0.001),
          fullInMs: Math.ceil(fullInMs),
          waitMs: waitMs > 0.001 ? Math.ceil(waitMs) : 0,
        };
      });
    },
  };
};
