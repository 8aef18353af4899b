// Watches stock: one read of all watched skus every 200 ms, and only changes per watcher.
import { chunksOf } from '../../concurrency/chunks.ts';
import { DomainError } from '../../domain/errors.ts';
import type { StockLevel } from '../../domain/stock.ts';
import type { InventoryDeps } from './deps.ts';
import { readLevels } from './read.ts';

const LOOK_EVERY_MS = 200;
const SKUS_A_READ = 500;
/** The limit of all watchers of this process together. */
const WATCHED_SKUS_MAX = 20_000;

/** One watcher: its unsent levels, at most one a sku. */
interface Watcher {
  storeId: string;
  skus: Set<string>;
  /** The version last sent, so that only changes are sent. */
  sent: Map<string, number>;
  pending: Map<string, StockLevel>;
  wake: () => void;
}

export interface StockWatch {
  /** The present levels, then those that changed, until `signal` aborts. UNAVAILABLE at the end. */
  follow(storeId: string, skus: string[], signal: AbortSignal): AsyncGenerator<StockLevel[]>;
  stop(): Promise<void>;
}

const offer = (watcher: Watcher, level: StockLevel): void => {
  if (!watcher.skus.has(level.sku)) return;
  const known = watcher.pending.get(level.sku)?.version ?? watcher.sent.get(level.sku) ?? -1;
  if (level.version <= known) return;
  watcher.pending.set(level.sku, level);
  watcher.wake();
};

const full = (): DomainError =>
  new DomainError('RATE_LIMITED', 'too much is watched here', { retryAfterSeconds: 5 });

const ended = (): DomainError =>
  new DomainError('UNAVAILABLE', 'this server is going away: watch again', {
    retryAfterSeconds: 1,
  });

const lookAt = async (deps: InventoryDeps, watchers: Set<Watcher>): Promise<void> => {
  for (const [storeId, group] of Map.groupBy(watchers, (watcher) => watcher.storeId)) {
    const skus = [...new Set(group.flatMap((watcher) => [...watcher.skus]))];
    for (const some of chunksOf(skus, SKUS_A_READ)) {
      const levels = await readLevels(deps, storeId, some);
      group.forEach((watcher) => levels.forEach((level) => offer(watcher, level)));
    }
  }
};

/** The unsent levels of this watcher; they count as sent from now on. */
const take = ({ pending, sent }: Watcher): StockLevel[] => {
  const fresh = [...pending.values()].filter(({ sku, version }) => version > (sent.get(sku) ?? -1));
  pending.clear();
  for (const { sku, version } of fresh) sent.set(sku, version);
  return fresh;
};

const newWatcher = (storeId: string, skus: string[]): Watcher => ({
  storeId,
  skus: new Set(skus),
  sent: new Map(),
  pending: new Map(),
  wake: () => undefined,
});

export const startWatching = (deps: InventoryDeps): StockWatch => {
  const watchers = new Set<Watcher>();
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // A failed read is retried: the next one includes the missed changes.
      await lookAt(deps, watchers).catch((error: unknown) =>
        deps.telemetry.log.warn('reading watched stock failed', { reason: String(error) }),
      );
      await Bun.sleep(LOOK_EVERY_MS);
    }
  };
  const done = loop();
  async function* follow(storeId: string, skus: string[], signal: AbortSignal) {
    const all = [...watchers].reduce((sum, watcher) => sum + watcher.skus.size, 0);
    if (all + skus.length > WATCHED_SKUS_MAX) throw full();
    const watcher = newWatcher(storeId, skus);
    const over = AbortSignal.any([signal, stopping.signal]);
    over.addEventListener('abort', () => watcher.wake());
    watchers.add(watcher);
    try {
      for (const level of await readLevels(deps, storeId, skus)) {
        watcher.pending.set(level.sku, level);
      }
      while (!over.aborted) {
        const fresh = take(watcher);
        if (fresh.length > 0) yield fresh;
        else await new Promise<void>((resolve) => void (watcher.wake = resolve));
      }
    } finally {
      watchers.delete(watcher);
    }
    if (stopping.signal.aborted) throw ended();
  }
  return {
    follow,
    stop: () => {
      stopping.abort();
      return done;
    },
  };
};
