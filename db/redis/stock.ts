// The fast count of stock in Redis: admissions before the ledger, its answers after.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Redis } from 'ioredis';
import type { StockLevel } from '../../domain/stock.ts';
import type { RedisClient } from './client.ts';

/** How long an admission counts that no ledger answer has settled. */
const ADMISSION_LIFE_MS = 10_000;
/** How long a level is believed without news: bounds what a lost answer can do, either way. */
const LEVEL_LIFE_MS = 10_000;
/** How much longer than its hold a reservation id is remembered. */
const REMEMBERED_AFTER_MS = 3_600_000;

const LIBRARY = readFileSync(resolve(import.meta.dirname, 'stock.lua'), 'utf8');

export type Verdict = 'admitted' | 'short' | 'contended' | 'unknown';

export interface Admission {
  verdict: Verdict;
  epoch: number;
  available: number;
  version: number;
}

export interface StockCache {
  /** Whether this reservation id was answered before, as far as Redis knows. */
  knowsReservation(storeId: string, id: string): Promise<boolean>;
  rememberReservation(storeId: string, id: string, expiresInMs: number): Promise<void>;
  admit(storeId: string, sku: string, id: string, quantity: number): Promise<Admission>;
  withdraw(storeId: string, sku: string, id: string, quantity: number): Promise<void>;
  /** Takes over what the ledger said; `admission` is the one it settles. */
  settle(
    storeId: string,
    epoch: number,
    levels: StockLevel[],
    admission?: { id: string; quantities: Map<string, number> },
  ): Promise<void>;
  /** Levels that are known now; the others are left out. */
  listKnown(storeId: string, skus: string[]): Promise<StockLevel[]>;
  check(): Promise<unknown>;
}

/** `stock:{<storeId>/<sku>}:…` — one slot per sku; TTL: LEVEL_LIFE_MS and ADMISSION_LIFE_MS. */
const keysOf = (storeId: string, sku: string): [string, string] => {
  const tag = `stock:{${storeId}/${sku}}`;
  return [`${tag}:level`, `${tag}:unsettled`];
};

/** TTL: the hold's life and an hour. */
const reservationKey = (storeId: string, id: string): string => `reservation:{${storeId}/${id}}`;

/** Calls a function; a server that lost the library (restart, FLUSHALL) gets it again. */
const call = async (redis: Redis, name: string, keys: string[], args: (string | number)[]) => {
  const run = () => redis.fcall(`holdfast_stock_${name}`, keys.length, ...keys, ...args);
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Error) || !/Function not found/i.test(error.message)) throw error;
    await redis.call('FUNCTION', 'LOAD', 'REPLACE', LIBRARY);
    return run();
  }
};

const settleArgs = (epoch: number, level: StockLevel, id: string, quantity: number) => [
  id,
  quantity,
  epoch,
  level.onHand,
  level.reserved,
  level.available,
  level.version,
  LEVEL_LIFE_MS,
];

const levelOf = (sku: string, fields: (string | null)[]): StockLevel[] => {
  const [onHand, reserved, available, version] = fields;
  if (!version) return [];
  return [
    {
      sku,
      onHand: Number(onHand),
      reserved: Number(reserved),
      available: Number(available),
      version: Number(version),
    },
  ];
};

export const createStockCache = (client: RedisClient): StockCache => ({
  knowsReservation: (storeId, id) =>
    client.run('reservation.known', async (redis) => {
      return (await redis.exists(reservationKey(storeId, id))) === 1;
    }),
  rememberReservation: (storeId, id, expiresInMs) =>
    client.run('reservation.remember', async (redis) => {
      const lifeMs = expiresInMs + REMEMBERED_AFTER_MS;
      await redis.set(reservationKey(storeId, id), '1', 'PX', lifeMs);
    }),
  admit: (storeId, sku, id, quantity) =>
    client.run('stock.admit', async (redis) => {
      const args = [id, quantity, ADMISSION_LIFE_MS];
      const answer = (await call(redis, 'admit', keysOf(storeId, sku), args)) as string[];
      const [verdict, epoch, available, version] = answer;
      return {
        verdict: verdict as Verdict,
        epoch: Number(epoch),
        available: Number(available),
        version: Number(version),
      };
    }),
  withdraw: (storeId, sku, id, quantity) =>
    client.run('stock.withdraw', async (redis) => {
      await call(redis, 'withdraw', keysOf(storeId, sku), [id, quantity]);
    }),
  settle: (storeId, epoch, levels, admission) =>
    client.run('stock.settle', async (redis) => {
      await Promise.all(
        levels.map((level) => {
          const quantity = admission?.quantities.get(level.sku) ?? 0;
          const args = settleArgs(epoch, level, admission?.id ?? '', quantity);
          return call(redis, 'settle', keysOf(storeId, level.sku), args);
        }),
      );
    }),
  listKnown: (storeId, skus) =>
    client.run('stock.levels', async (redis) => {
      const rows = await Promise.all(
        skus.map((sku) =>
          redis.hmget(keysOf(storeId, sku)[0], 'onHand', 'reserved', 'available', 'version'),
        ),
      );
      return skus.flatMap((sku, at) => levelOf(sku, rows[at] ?? []));
    }),
  check: () => client.run('ready', (redis) => redis.ping()),
});
