// Runs Redis: one server for the fast count of stock, one for limits, and one for carts.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Redis } from 'ioredis';
import { aptInstall, isOnPath } from './install.ts';
import type { Server, ServerName } from './server.ts';

export type RedisName = Extract<ServerName, `redis${string}`>;

/**
 * Stock and limits that were evicted would be wrong, so a full server refuses writes. A full server
 * of carts evicts those that would expire first.
 */
const EVICTION: Readonly<Record<RedisName, 'noeviction' | 'volatile-ttl'>> = {
  redis: 'noeviction',
  'redis-limits': 'noeviction',
  'redis-carts': 'volatile-ttl',
};
export const REDIS_NAMES = Object.keys(EVICTION) as RedisName[];

/** Nothing is kept on disk: what a restart loses is in Postgres, or is short-lived. */
export const redisSettings = (name: RedisName): Record<string, string> => ({
  appendonly: 'no',
  save: '',
  maxmemory: '256mb',
  'maxmemory-policy': EVICTION[name],
});

const redisServer = (name: RedisName): Server => ({
  name,
  version: '7',
  startLimitMs: 20_000,
  install: async (report) => {
    if (!isOnPath('redis-server')) await aptInstall('redis-server', 'Redis 7', report);
  },
  launch: async (instance) => {
    const folder = resolve(instance.home, 'data', name);
    mkdirSync(folder, { recursive: true });
    const settings = {
      port: String(instance.port(name)),
      bind: '127.0.0.1',
      dir: folder,
      daemonize: 'no',
      ...redisSettings(name),
    };
    const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
    return { command: 'redis-server', args, env: { PATH: process.env['PATH'] ?? '' } };
  },
  isWell: async (instance) => {
    const redis = new Redis(instance.port(name), '127.0.0.1', {
      lazyConnect: true,
      retryStrategy: () => null,
      connectTimeout: 1_000,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return (await redis.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      redis.disconnect();
    }
  },
});

export const redisServers: readonly Server[] = REDIS_NAMES.map(redisServer);
