// Watches the events of all orders by one subscription to Postgres, for any number of callers.
import { waitAtMost } from '../../concurrency/deadline.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { watchOrderEvents } from '../../db/postgres/orders/events.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

/** The listener ends connections on which nothing is sent for 30 s. */
const SIGN_OF_LIFE_MS = 10_000;
/** A caller that is slower than this many orders looks at all of its own. */
const PENDING_MAX = 10_000;
/** Gateways watch once each. */
const WATCHERS_MAX = 1_000;

/** Orders with new events; with `missed` any order may have some. */
export interface ChangedOrders {
  orderIds: string[];
  missed: boolean;
}

export interface OrderWatch {
  /** What changes, from now until `signal` aborts. RATE_LIMITED, UNAVAILABLE at the end. */
  follow(signal: AbortSignal): AsyncGenerator<ChangedOrders>;
  stop(): Promise<void>;
}

interface Watcher {
  pending: Set<string>;
  missed: boolean;
  wake: () => void;
}

const noteIn = (watcher: Watcher, orderId: string | undefined): void => {
  if (orderId === undefined || watcher.pending.size >= PENDING_MAX) watcher.missed = true;
  else watcher.pending.add(orderId);
  watcher.wake();
};

/** What this watcher has not been sent; it counts as sent from now on. */
const take = (watcher: Watcher): ChangedOrders => {
  const { pending, missed } = watcher;
  watcher.pending = new Set();
  watcher.missed = false;
  return { orderIds: missed ? [] : [...pending], missed };
};

const refused = (): DomainError =>
  new DomainError('RATE_LIMITED', 'too many watch orders here', { retryAfterSeconds: 5 });
const ended = (): DomainError =>
  new DomainError('UNAVAILABLE', 'this server is going away: watch again', {
    retryAfterSeconds: 1,
  });

export const watchOrders = (pg: Pg, telemetry: Telemetry): OrderWatch => {
  const watchers = new Set<Watcher>();
  const stopping = new AbortController();
  const listening = watchOrderEvents(pg, (orderId) =>
    watchers.forEach((watcher) => noteIn(watcher, orderId)),
  ).catch((error: unknown) => {
    telemetry.log.warn('order events not received immediately', { reason: String(error) });
  });
  async function* follow(signal: AbortSignal) {
    if (watchers.size >= WATCHERS_MAX) throw refused();
    const watcher: Watcher = { pending: new Set(), missed: true, wake: () => undefined };
    const over = AbortSignal.any([signal, stopping.signal]);
    over.addEventListener('abort', () => watcher.wake());
    watchers.add(watcher);
    try {
      while (!over.aborted) {
        const woken = new Promise<void>((resolve) => void (watcher.wake = resolve));
        yield take(watcher);
        if (watcher.pending.size === 0 && !watcher.missed) await waitAtMost(woken, SIGN_OF_LIFE_MS);
      }
    } finally {
      watchers.delete(watcher);
    }
    if (stopping.signal.aborted) throw ended();
  }
  return {
    follow,
    stop: async () => {
      stopping.abort();
      const unlisten = await listening;
      await unlisten?.().catch(() => undefined);
    },
  };
};
