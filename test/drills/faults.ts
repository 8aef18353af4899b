// The faults of the orders' drills, switched on and off by signals and by the sandboxes.
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { PROCESS_NAMES, isSandbox } from '../../ops/processes.ts';
import { control } from '../support/judges.ts';
import type { BreakableShop } from '../support/breakable-shop.ts';
import type { Broken } from './at-rest.ts';
import { CARRIER_FAULTS, PARTLY } from './carrier-faults.ts';
import { CLAIM_FAULTS } from './claims/faults.ts';
import { otherBuild } from './other-build.ts';
import type { Kinds } from './shoppers.ts';
import type { Workload } from './workload.ts';

export interface Fault {
  on(shop: BreakableShop): Promise<void>;
  off(shop: BreakableShop): Promise<void>;
  /** How long it lasts once it is on, in ms; `TO_THE_END`: until everything is drained. */
  lastsMs: number;
  /** The shoppers that it is about, with their shares in percent; absent means the common mix. */
  kinds?: Kinds;
  /** What is promised while it lasts. Such a fault is on for the whole workload. */
  meanwhile?(shop: BreakableShop, workload: Workload): Promise<Broken>;
  /** Runs besides, when half of the orders of a whole workload have been sent. */
  halfway?(shop: BreakableShop): Promise<void>;
  /** Runs while what is left of a whole workload ends, and an operator acts. */
  inDrain?(shop: BreakableShop): Promise<void>;
}

export const TO_THE_END = Number.POSITIVE_INFINITY;

type Killable = Parameters<BreakableShop['kill']>[0];
const SECOND_MS = 1_000;

/** Switches it on, and off again unless it lasts to the end. */
export const suffered = async (shop: BreakableShop, fault: Fault): Promise<void> => {
  const isLasting = fault.lastsMs === TO_THE_END;
  try {
    await fault.on(shop);
    if (!isLasting) await Bun.sleep(fault.lastsMs);
  } finally {
    if (!isLasting) await fault.off(shop);
  }
};

const nothing = async (): Promise<void> => undefined;
/** A fault whose effect needs no end. */
const over = { off: nothing, lastsMs: 0 };

interface ProviderFault {
  times: number;
  path?: string;
  forMs?: number;
  lastsMs?: number;
}

const provider = (action: string, { lastsMs = 3_000, ...how }: ProviderFault): Fault => ({
  on: async (shop) => {
    const fault = { method: 'POST', path: '/v1/*', action, ...how };
    await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', fault);
  },
  off: async (shop) => void (await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', 'faults')),
  lastsMs,
});

const SENDERS = ['STRIPE_SANDBOX_URL', 'CARRIER_SANDBOX_URL'] as const;

/** How the card provider and the carrier send their events. */
const webhooks = (order: object): Fault => {
  const send = async (shop: BreakableShop, how: object): Promise<void> => {
    await Promise.all(SENDERS.map((name) => control(shop, name, 'POST', 'webhooks', how)));
  };
  return {
    on: (shop) => send(shop, order),
    off: (shop) => send(shop, { action: 'normal' }),
    lastsMs: 3_000,
  };
};

export const frozen = (name: Killable, lastsMs: number): Fault => ({
  on: async (shop) => shop.freeze(name, 'SIGSTOP'),
  off: async (shop) => shop.freeze(name, 'SIGCONT'),
  lastsMs,
});

export const killed = (name: Killable, lastsMs = 0): Fault => ({
  on: (shop) => shop.kill(name),
  off: (shop) => shop.start(name),
  lastsMs,
});

/** Kills and restarts the process this many times, every few seconds. */
const killedOften = (name: Killable, times: number): Fault => ({
  ...over,
  on: async (shop) => {
    for (let time = 0; time < times; time++) {
      await shop.kill(name);
      await shop.start(name);
      await Bun.sleep((2 + (time % 4)) * SECOND_MS);
    }
  },
});

const withRedis = async (
  shop: BreakableShop,
  work: (redis: Redis) => Promise<unknown>,
): Promise<void> => {
  const redis = new Redis(shop.env['REDIS_URL'] ?? '');
  await work(redis).finally(() => redis.disconnect());
};

/** Replaces every stock level by a value of another type. */
const spoilLevels = (shop: BreakableShop): Promise<void> =>
  withRedis(shop, async (redis) => {
    for (const key of await redis.keys('stock:*:level')) {
      await redis.multi().del(key).hset(key, 'what', 'ever').exec();
    }
  });

/** Takes all connections of the server, so that no other client gets one. */
const takeConnections = async (shop: BreakableShop): Promise<void> => {
  const url = shop.env['POSTGRES_URL'] ?? '';
  const taken: ReturnType<typeof postgres>[] = [];
  const end = Date.now() + 10 * SECOND_MS;
  while (Date.now() < end) {
    const one = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 2 });
    taken.push(one);
    const isFull = await one`select 1`.then(
      () => false,
      () => true,
    );
    if (isFull) await Bun.sleep(SECOND_MS);
  }
  await Promise.all(taken.map((one) => one.end({ timeout: 1 })));
};

const restartAll = async (shop: BreakableShop): Promise<void> => {
  for (const name of PROCESS_NAMES.filter((one) => !isSandbox(one))) {
    await shop.stop(name);
    await shop.start(name);
  }
};

/** Faults by the names in the list of promises; the catalogue's faults are in catalogue/. */
export const FAULTS: Record<string, Fault> = {
  none: { ...over, on: nothing },
  'provider-answer-lost': provider('apply_then_drop', { times: 10 }),
  // The client itself retries once under the same key, so both responses are lost.
  'refund-answer-lost': provider('apply_then_drop', {
    times: 2,
    path: '/v1/refunds',
    lastsMs: TO_THE_END,
  }),
  'provider-saved-500': provider('apply_then_500', { times: 10 }),
  'provider-409': provider('status:409', { times: 10 }),
  'provider-429-storm': provider('status:429', { times: 60 }),
  'provider-hangs-60s': provider('hang', { times: 6, forMs: 60_000 }),
  'provider-down-60s': provider('drop_before', { times: 100_000, lastsMs: 60_000 }),
  'webhooks-five-times': webhooks({ action: 'duplicate', times: 5 }),
  'webhooks-reversed': webhooks({ action: 'reorder' }),
  'webhooks-late': webhooks({ action: 'delay', delayMs: 30_000 }),
  'worker-killed': killed('worker'),
  'worker-killed-often': killedOften('worker', 5),
  'worker-gone-60s': killed('worker', 60_000),
  'worker-frozen-90s': frozen('worker', 90_000),
  'orders-killed': killed('orders'),
  'gateway-killed': killed('gateway'),
  'inventory-killed': killed('inventory'),
  'relay-killed': killed('relay'),
  'temporal-killed-often': killedOften('temporal', 3),
  'temporal-frozen-60s': frozen('temporal', 60_000),
  'postgres-killed': killed('postgres'),
  'postgres-frozen-30s': frozen('postgres', 30_000),
  'postgres-connections-taken': { ...over, on: takeConnections },
  'redis-flushed': { ...over, on: (shop) => withRedis(shop, (redis) => redis.flushall()) },
  'redis-killed': killed('redis', 2_000),
  'redis-out-of-memory': {
    on: (shop) => withRedis(shop, (redis) => redis.config('SET', 'maxmemory', '1')),
    off: (shop) => withRedis(shop, (redis) => redis.config('SET', 'maxmemory', '256mb')),
    lastsMs: 10_000,
  },
  'redis-slow': {
    ...over,
    on: (shop) =>
      withRedis(shop, async (redis) => {
        for (let time = 0; time < 5; time++) await redis.client('PAUSE', 2_000, 'ALL');
      }),
  },
  'redis-wrong-type': { ...over, on: spoilLevels },
  'kafka-killed': killed('kafka'),
  'kafka-frozen-120s': frozen('kafka', 120_000),
  'cassandra-killed-120s': killed('cassandra', 120_000),
  'everything-restarted': { ...over, on: restartAll },
  ...CARRIER_FAULTS,
  'parcels-split': { ...over, on: nothing, kinds: PARTLY },
  'parcels-split-worker-killed': { ...killed('worker'), kinds: PARTLY },
  ...CLAIM_FAULTS,
  'other-build': otherBuild(),
};
