// Runs Redis, the fast count of stock, from PATH or the distribution's package.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Redis } from 'ioredis';
import { aptInstall, isOnPath } from './install.ts';
import type { Server } from './server.ts';

export const redisServer: Server = {
  name: 'redis',
  version: '7',
  startLimitMs: 20_000,
  install: async (report) => {
    if (!isOnPath('redis-server')) await aptInstall('redis-server', 'Redis 7', report);
  },
  launch: async (instance) => {
    const folder = resolve(instance.home, 'data', 'redis');
    mkdirSync(folder, { recursive: true });
    const settings = {
      port: String(instance.port('redis')),
      bind: '127.0.0.1',
      dir: folder,
      appendonly: 'no',
      save: '',
      maxmemory: '256mb',
      'maxmemory-policy': 'noeviction',
      daemonize: 'no',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    return { command: 'redis-server', args, env: { PATH: process.env['PATH'] ?? '' } };
  },
  isWell: async (instance) => {
    const redis = new Redis(instance.port('redis'), '127.0.0.1', {
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
};
