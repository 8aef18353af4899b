// The Redis client: pipelined by itself, never waiting long, never queueing without end.
import { Redis } from 'ioredis';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const COMMAND_TIMEOUT_MS = 1_000;
const RECONNECT_MS_MAX = 1_000;

export interface RedisClient {
  /** Runs commands under a name; anything but an answer is UNAVAILABLE. */
  run<T>(name: string, work: (redis: Redis) => Promise<T>): Promise<T>;
  close(): void;
}

export const connectRedis = (url: string, telemetry: Telemetry): RedisClient => {
  const redis = new Redis(url, {
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(times * 50, RECONNECT_MS_MAX),
  });
  redis.on('error', (error: Error) =>
    telemetry.log.warn('redis is away', { reason: error.message }),
  );
  return {
    run: (name, work) =>
      telemetry
        .timed('redis', name, () => work(redis))
        .catch((error: unknown) => {
          throw new DomainError('UNAVAILABLE', 'the stock cache is away', { cause: error });
        }),
    close: () => redis.disconnect(),
  };
};
