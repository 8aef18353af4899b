// Rebuilds Redis from the ledger: a higher epoch, reservation ids, counts, then ready.
import type { Pg, Tx } from '../../db/postgres/client.ts';
import { ledgerEpoch, raiseEpoch } from '../../db/postgres/ledger/epoch.ts';
import { asOnlyRebuild, levelPages, recentPages } from '../../db/postgres/ledger/snapshot.ts';
import { readyText, REMEMBERED_AFTER_MS, type StockCache } from '../../db/redis/stock.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

export interface RebuildDeps {
  pg: Pg;
  cache: StockCache;
  telemetry: Telemetry;
}

export interface Rebuilt {
  epoch: number;
  skus: number;
  reservations: number;
}

const fillReservations = async ({ cache }: RebuildDeps, tx: Tx): Promise<number> => {
  let count = 0;
  for await (const page of recentPages(tx, REMEMBERED_AFTER_MS)) {
    await cache.remember(page);
    count += page.length;
  }
  return count;
};

const fillLevels = async ({ cache }: RebuildDeps, tx: Tx, epoch: number): Promise<number> => {
  let count = 0;
  for await (const page of levelPages(tx)) {
    await cache.writeLevels(page.map((one) => ({ ...one, epoch, how: 'fill' })));
    count += page.length;
  }
  return count;
};

/**
 * Rebuilds Redis, whatever it has. Once the epoch is raised, nothing admitted under an older one
 * can be held. Ids come before counts, so that a repeated call finds its first result. Undefined
 * when another rebuild is running. UNAVAILABLE.
 */
export const rebuildStock = async (deps: RebuildDeps): Promise<Rebuilt | undefined> => {
  const { pg, cache, telemetry } = deps;
  let rebuilt: Rebuilt | undefined;
  await asOnlyRebuild(pg, async (tx) => {
    const losses = cache.losses();
    await cache.loadLibrary();
    const { identity } = await cache.inspect();
    const epoch = await raiseEpoch(pg, await ledgerEpoch(pg));
    if (epoch === undefined) return;
    const reservations = await fillReservations(deps, tx);
    const skus = await fillLevels(deps, tx, epoch);
    // A server that restarted meanwhile may be empty: the next check starts again.
    if (cache.losses() !== losses || (await cache.inspect()).identity !== identity) return;
    await cache.publishReady(readyText(epoch, identity));
    rebuilt = { epoch, skus, reservations };
    telemetry.log.info('redis rebuilt from the ledger', { epoch, count: skus });
  });
  return rebuilt;
};
