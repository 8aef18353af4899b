// Stock counts in Redis: admissions before the ledger writes, and its answers afterwards.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Redis } from 'ioredis';
import type { StockLevel } from '../../domain/stock.ts';
import type { RedisClient, RedisCommands } from './client.ts';

/** How long an admission counts without a ledger answer. */
const ADMISSION_LIFE_MS = 10_000;
/** How long a level is trusted without an update: bounds the effect of a lost answer. */
const TRUSTED_MS = 10_000;
/** How long a reservation id is remembered after its hold ends. */
export const REMEMBERED_AFTER_MS = 600_000;
const SCAN_COUNT = 1_000;

const LIBRARY = readFileSync(resolve(import.meta.dirname, 'stock.lua'), 'utf8');

export type Verdict = 'admitted' | 'short' | 'stale' | 'contended' | 'unknown' | 'fenced';

export interface Admission {
  verdict: Verdict;
  /** The ledger's last known level, when the verdict rests on it. */
  available: number;
}

export interface AdmissionInput {
  storeId: string;
  sku: string;
  id: string;
  quantity: number;
  /** The epoch the caller assumes; Redis admits under no other. */
  epoch: number;
}

/** A level in Redis; `atMs` is the time of the ledger's answer. */
export interface CachedLevel extends StockLevel {
  epoch: number;
  atMs: number;
}

export interface LedgerLevel {
  storeId: string;
  level: StockLevel;
  epoch: number;
  /** `fill` lets the sku admit under this epoch; `settle` only corrects its numbers. */
  how: 'settle' | 'fill';
  /** The admission that this answer settles. */
  admission?: { id: string; quantity: number } | undefined;
}

/** `stock:{<storeId>/<sku>}:…`, one slot per sku. TTL: none, and ADMISSION_LIFE_MS. */
const keysOf = (storeId: string, sku: string): [string, string] => {
  const tag = `stock:{${storeId}/${sku}}`;
  return [`${tag}:level`, `${tag}:unsettled`];
};

/**
 * Reservation ids share a few slots, each with its own ready mark. On a cluster, too, a server that
 * lost an id has lost the mark beside it.
 */
const BUCKETS = 64;

/** FNV-1a, so that an id always has the same bucket. */
const bucketOf = (name: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash % BUCKETS;
};

/** TTL: the hold's life plus ten minutes. */
const reservationKey = (storeId: string, id: string): string =>
  `reservation:{b${bucketOf(`${storeId}/${id}`)}}:${storeId}/${id}`;

/** Written by a completed rebuild: the epoch, and the servers it filled. */
const readyKey = (bucket: number): string => `reservation:{b${bucket}}:ready`;
const READY_KEYS = Array.from({ length: BUCKETS }, (_, bucket) => readyKey(bucket));

const levelOf = (sku: string, text: string | null): CachedLevel | undefined => {
  const fields = (text ?? '').split(' ').map(Number);
  const [epoch = 0, onHand = 0, reserved = 0, version = 0, atMs = 0] = fields;
  if (fields.length !== 5 || !fields.every(Number.isSafeInteger)) return undefined;
  return { sku, epoch, onHand, reserved, available: onHand - reserved, version, atMs };
};

/** A key of another type counts as absent; the next write replaces it. */
const textOf = (redis: RedisCommands, key: string): Promise<string | null> =>
  redis.get(key).catch((error: unknown) => {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return null;
    throw error;
  });

const runIdOf = async (server: Redis): Promise<string> => {
  const info = await server.info('server');
  return /run_id:(\w+)/.exec(info)?.[1] ?? '';
};

const loadLibrary = async (client: RedisClient): Promise<void> => {
  const load = (server: Redis) => server.call('FUNCTION', 'LOAD', 'REPLACE', LIBRARY);
  await Promise.all(client.masters().map(load));
};

/** Identifies the servers as a text, which changes after a restart or a fail-over. */
const identityOf = async (client: RedisClient): Promise<string> => {
  const ids = await Promise.all(client.masters().map(runIdOf));
  return ids.sort().join(' ');
};

const cursorOf = (key: string): { storeId: string; sku: string }[] => {
  const [, storeId, sku] = /^stock:\{([^/]+)\/(.+)\}:level$/.exec(key) ?? [];
  return storeId && sku ? [{ storeId, sku }] : [];
};

async function* scanLevels(client: RedisClient): AsyncGenerator<{ storeId: string; sku: string }> {
  for (const server of client.masters()) {
    let cursor = '0';
    do {
      const [next, keys] = await server.scan(cursor, 'MATCH', 'stock:*:level', 'COUNT', SCAN_COUNT);
      cursor = next;
      yield* keys.flatMap(cursorOf);
    } while (cursor !== '0');
  }
}

type Call = (redis: RedisCommands) => Promise<unknown>;

/** Loads the library again into a server that lost it (restart, FUNCTION FLUSH). */
const calling =
  (client: RedisClient) =>
  async (redis: RedisCommands, call: Call): Promise<unknown> => {
    try {
      return await call(redis);
    } catch (error) {
      if (!(error instanceof Error) || !/Function not found/i.test(error.message)) throw error;
      await loadLibrary(client);
      return call(redis);
    }
  };

const ids = (client: RedisClient) => ({
  /** Whether this id is remembered, and the epoch of the rebuild that Redis is complete since. */
  lookUp: (storeId: string, id: string): Promise<{ isKnown: boolean; epoch: number }> =>
    client.run('reservation.lookUp', async (redis) => {
      // MGET, like the other reads, treats a key of another type as absent.
      const keys = [reservationKey(storeId, id), readyKey(bucketOf(`${storeId}/${id}`))];
      const [known, ready] = await redis.mget(keys);
      return { isKnown: typeof known === 'string', epoch: Number(ready?.split(' ')[0] ?? 0) };
    }),
  /** Remembers ids; calls with them go to the ledger from now on, whatever Redis counts. */
  remember: (held: { storeId: string; id: string; lifeMs: number }[]): Promise<void> =>
    client.run('reservation.remember', async (redis) => {
      await Promise.all(
        held.map(({ storeId, id, lifeMs }) => {
          const life = Math.max(1, Math.round(lifeMs) + REMEMBERED_AFTER_MS);
          return redis.set(reservationKey(storeId, id), '1', 'PX', life);
        }),
      );
    }),
});

const levels = (client: RedisClient) => {
  const called = calling(client);
  const writeLevel = (redis: RedisCommands, known: LedgerLevel): Promise<unknown> => {
    const { storeId, level, epoch, how, admission } = known;
    const { onHand, reserved, version } = level;
    const numbers = [epoch, onHand, reserved, version];
    const settled = [how, admission?.id ?? '', admission?.quantity ?? 0];
    const keys = keysOf(storeId, level.sku);
    return called(redis, (one) =>
      one.fcall('holdfast_stock_settle', 2, ...keys, ...numbers, ...settled),
    );
  };
  return {
    admit: ({ storeId, sku, id, quantity, epoch }: AdmissionInput): Promise<Admission> =>
      client.run('stock.admit', async (redis) => {
        const args = [id, quantity, ADMISSION_LIFE_MS, epoch, TRUSTED_MS];
        const keys = keysOf(storeId, sku);
        const answer = await called(redis, (one) =>
          one.fcall('holdfast_stock_admit', 2, ...keys, ...args),
        );
        const [verdict, available] = answer as [Verdict, number];
        return { verdict, available };
      }),
    withdraw: (storeId: string, sku: string, id: string, quantity: number): Promise<void> =>
      client.run('stock.withdraw', async (redis) => {
        const keys = keysOf(storeId, sku);
        await called(redis, (one) =>
          one.fcall('holdfast_stock_withdraw', 2, ...keys, id, quantity),
        );
      }),
    /** Stores the ledger's answers. */
    writeLevels: (all: LedgerLevel[]): Promise<void> =>
      client.run('stock.write', async (redis) => {
        await Promise.all(all.map((known) => writeLevel(redis, known)));
      }),
    /** Levels that Redis has, of any age; missing ones are left out. */
    listLevels: (storeId: string, skus: string[]): Promise<CachedLevel[]> =>
      client.run('stock.levels', async (redis) => {
        const texts = await Promise.all(skus.map((sku) => textOf(redis, keysOf(storeId, sku)[0])));
        return skus.flatMap((sku, at) => levelOf(sku, texts[at] ?? null) ?? []);
      }),
  };
};

const rebuilding = (client: RedisClient) => ({
  loadLibrary: (): Promise<void> => client.run('stock.library', () => loadLibrary(client)),
  /** The identity of the servers, and the ready mark they share. */
  inspect: (): Promise<{ identity: string; ready: string }> =>
    client.run('stock.inspect', async (redis) => {
      const identity = await identityOf(client);
      const marks = await Promise.all(READY_KEYS.map((key) => textOf(redis, key)));
      const [first] = marks;
      return { identity, ready: first && marks.every((mark) => mark === first) ? first : '' };
    }),
  /** Marks an epoch as complete. */
  publishReady: (ready: string): Promise<void> =>
    client.run('stock.ready', async (redis) => {
      await Promise.all(READY_KEYS.map((key) => redis.set(key, ready)));
    }),
  scanLevels: () => scanLevels(client),
  losses: () => client.losses(),
  check: (): Promise<unknown> => client.run('ready', (redis) => redis.exists(readyKey(0))),
});

export const createStockCache = (client: RedisClient) => ({
  ...ids(client),
  ...levels(client),
  ...rebuilding(client),
});

export type StockCache = ReturnType<typeof createStockCache>;

/** True while a level may be shown, or a hold refused by it, without reading the ledger. */
export const isFresh = (level: CachedLevel, nowMs: number): boolean =>
  nowMs - level.atMs < TRUSTED_MS;

/** The text of the ready mark, which a rebuild publishes. */
export const readyText = (epoch: number, identity: string): string => `${epoch} ${identity}`;
