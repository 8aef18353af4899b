// The fast count of stock in Redis: admissions before the ledger, its answers after.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Redis } from 'ioredis';
import type { StockLevel } from '../../domain/stock.ts';
import type { RedisClient, RedisCommands } from './client.ts';

/** How long an admission counts that no ledger answer has settled. */
const ADMISSION_LIFE_MS = 10_000;
/** How long a level is believed without news: bounds what a lost answer can do, either way. */
const BELIEVED_MS = 10_000;
/** How much longer than its hold a reservation id is remembered. */
export const REMEMBERED_AFTER_MS = 600_000;
const SCAN_COUNT = 1_000;

const LIBRARY = readFileSync(resolve(import.meta.dirname, 'stock.lua'), 'utf8');

export type Verdict = 'admitted' | 'short' | 'stale' | 'contended' | 'unknown' | 'fenced';

export interface Admission {
  verdict: Verdict;
  /** What the ledger last said, when the verdict rests on it. */
  available: number;
}

export interface AdmissionInput {
  storeId: string;
  sku: string;
  id: string;
  quantity: number;
  /** The epoch the caller believes in; Redis admits under no other. */
  epoch: number;
}

/** A level as Redis has it; `atMs` is when the ledger said so. */
export interface CachedLevel extends StockLevel {
  epoch: number;
  atMs: number;
}

export interface LedgerLevel {
  storeId: string;
  level: StockLevel;
  epoch: number;
  /** `fill` makes the sku admit under this epoch; `settle` only corrects its numbers. */
  how: 'settle' | 'fill';
  /** The admission that this answer settles. */
  admission?: { id: string; quantity: number } | undefined;
}

/** `stock:{<storeId>/<sku>}:…`, one slot a sku. TTL: none, and ADMISSION_LIFE_MS. */
const keysOf = (storeId: string, sku: string): [string, string] => {
  const tag = `stock:{${storeId}/${sku}}`;
  return [`${tag}:level`, `${tag}:unsettled`];
};

/**
 * Reservation ids share a few slots, each with a mark of its own that says Redis is whole: on a
 * cluster, too, what has lost an id has lost the mark beside it.
 */
const BUCKETS = 64;

/** FNV-1a, so that the same id always falls into the same bucket. */
const bucketOf = (name: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash % BUCKETS;
};

/** TTL: the hold's life and ten minutes. */
const reservationKey = (storeId: string, id: string): string =>
  `reservation:{b${bucketOf(`${storeId}/${id}`)}}:${storeId}/${id}`;

/** What a rebuild leaves when everything is in: the epoch, and the servers it was put into. */
const readyKey = (bucket: number): string => `reservation:{b${bucket}}:ready`;
const READY_KEYS = Array.from({ length: BUCKETS }, (_, bucket) => readyKey(bucket));

const levelOf = (sku: string, text: string | null): CachedLevel | undefined => {
  const fields = (text ?? '').split(' ').map(Number);
  const [epoch = 0, onHand = 0, reserved = 0, version = 0, atMs = 0] = fields;
  if (fields.length !== 5 || !fields.every(Number.isSafeInteger)) return undefined;
  return { sku, epoch, onHand, reserved, available: onHand - reserved, version, atMs };
};

/** A key of another type is as good as none: what is written next replaces it. */
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

/** Which servers these are, as a text: another one after a restart or a fail-over. */
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

/** A server that lost the library (restart, FUNCTION FLUSH) gets it again. */
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
  /** Whether this id was remembered, and the epoch of the rebuild Redis is whole since. */
  lookUp: (storeId: string, id: string): Promise<{ isKnown: boolean; epoch: number }> =>
    client.run('reservation.lookUp', async (redis) => {
      // A key of another type is as good as none, for MGET as for us.
      const keys = [reservationKey(storeId, id), readyKey(bucketOf(`${storeId}/${id}`))];
      const [known, ready] = await redis.mget(keys);
      return { isKnown: typeof known === 'string', epoch: Number(ready?.split(' ')[0] ?? 0) };
    }),
  /** Remembers ids; from now on each of them goes to the ledger, whatever Redis counts. */
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
        const args = [id, quantity, ADMISSION_LIFE_MS, epoch, BELIEVED_MS];
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
    /** Takes over what the ledger said. */
    writeLevels: (all: LedgerLevel[]): Promise<void> =>
      client.run('stock.write', async (redis) => {
        await Promise.all(all.map((known) => writeLevel(redis, known)));
      }),
    /** Levels that Redis has, however old; the others are left out. */
    listLevels: (storeId: string, skus: string[]): Promise<CachedLevel[]> =>
      client.run('stock.levels', async (redis) => {
        const texts = await Promise.all(skus.map((sku) => textOf(redis, keysOf(storeId, sku)[0])));
        return skus.flatMap((sku, at) => levelOf(sku, texts[at] ?? null) ?? []);
      }),
  };
};

const whole = (client: RedisClient) => ({
  loadLibrary: (): Promise<void> => client.run('stock.library', () => loadLibrary(client)),
  /** Which servers these are, and what all of them are ready for. */
  inspect: (): Promise<{ identity: string; ready: string }> =>
    client.run('stock.inspect', async (redis) => {
      const identity = await identityOf(client);
      const marks = await Promise.all(READY_KEYS.map((key) => textOf(redis, key)));
      const [first] = marks;
      return { identity, ready: first && marks.every((mark) => mark === first) ? first : '' };
    }),
  /** Says that everything of an epoch is in. */
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
  ...whole(client),
});

export type StockCache = ReturnType<typeof createStockCache>;

/** True while a level may be shown or refused upon without asking the ledger. */
export const isBelieved = (level: CachedLevel, nowMs: number): boolean =>
  nowMs - level.atMs < BELIEVED_MS;

/** The text a rebuild publishes, and by which others know that Redis is whole. */
export const readyText = (epoch: number, identity: string): string => `${epoch} ${identity}`;
