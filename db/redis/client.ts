// The Redis client: one server or a cluster, with short timeouts and a bounded queue.
import { Cluster, Redis } from 'ioredis';
import { waitAtMost } from '../../concurrency/deadline.ts';
import { createLimiter } from '../../concurrency/limiter.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const COMMAND_TIMEOUT_MS = 1_000;
const RECONNECT_MS_MAX = 1_000;
/** Calls waiting; the next call is refused instead of queued. */
const WAITING_MAX = 5_000;

/** The commands of both clients; keys of one call must share a hash tag. */
export type RedisCommands = Redis | Cluster;

export interface RedisClient {
  /** Runs commands under a name. Throws UNAVAILABLE on any failure. */
  run<T>(name: string, work: (redis: RedisCommands) => Promise<T>): Promise<T>;
  /** Waits for the first connection, at most this long. */
  connected(limitMs: number): Promise<void>;
  /** Every server that accepts writes. */
  masters(): Redis[];
  /** The number of lost connections; a change means that data may have been lost. */
  losses(): number;
  close(): void;
}

const retryMs = (times: number): number => Math.min(times * 50, RECONNECT_MS_MAX);

const SERVER_OPTIONS = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
};

const CLUSTER_OPTIONS = {
  enableAutoPipelining: true,
  enableOfflineQueue: false,
  clusterRetryStrategy: retryMs,
  slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
  // Follows a slot that moves, and waits only briefly for a node that is down.
  maxRedirections: 4,
  retryDelayOnFailover: 100,
  retryDelayOnClusterDown: 100,
  redisOptions: { connectTimeout: CONNECT_TIMEOUT_MS, commandTimeout: COMMAND_TIMEOUT_MS },
};

/** `redis://host:port`, or several separated by commas: the nodes of one cluster. */
const open = (urls: string[]): RedisCommands => {
  const [url = ''] = urls;
  if (urls.length > 1) return new Cluster(urls, CLUSTER_OPTIONS);
  return new Redis(url, { ...SERVER_OPTIONS, enableAutoPipelining: true, retryStrategy: retryMs });
};

const away = (cause?: unknown): DomainError =>
  new DomainError('UNAVAILABLE', 'the cache is unavailable', { cause, retryAfterSeconds: 1 });

export const connectRedis = (url: string, telemetry: Telemetry): RedisClient => {
  const redis = open(url.split(',').filter((one) => one !== ''));
  let losses = 0;
  const calls = createLimiter({ runningMax: WAITING_MAX, waitingMax: 0, onFull: away });
  const lost = (): void => void losses++;
  redis.on('close', lost);
  redis.on('+node', (node: Redis) => node.on('close', lost));
  redis.on('error', (error: Error) =>
    telemetry.log.warn('redis unavailable', { reason: error.message }),
  );
  return {
    run: (name, work) =>
      calls.run(() =>
        telemetry
          .timed('redis', name, () => work(redis))
          .catch((error: unknown) => {
            throw away(error);
          }),
      ),
    connected: async (limitMs) => {
      if (redis.status === 'ready') return;
      await waitAtMost(new Promise((resolve) => redis.once('ready', resolve)), limitMs);
    },
    masters: () => (redis instanceof Cluster ? redis.nodes('master') : [redis]),
    losses: () => losses,
    close: () => redis.disconnect(),
  };
};
