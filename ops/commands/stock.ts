// The commands for stock in Redis: rebuild it from the ledger, and compare the two.
import { compareStock } from '../../apis/inventory/compare.ts';
import { rebuildStock, type RebuildDeps } from '../../apis/inventory/rebuild.ts';
import { connectPostgres } from '../../db/postgres/client.ts';
import { connectRedis } from '../../db/redis/client.ts';
import { createStockCache } from '../../db/redis/stock.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Instance } from '../instance.ts';
import { postgresUrl } from '../servers/postgres.ts';
import { until } from '../supervise.ts';

const CONNECT_LIMIT_MS = 5_000;
const REBUILD_TRIES = 50;
const AGAIN_MS = 200;

type Print = (line: string) => void;

const withStores = async <T>(instance: Instance, work: (deps: RebuildDeps) => Promise<T>) => {
  const telemetry = createTelemetry('holdfast', 'error');
  const pg = connectPostgres({ url: postgresUrl(instance, 'inventory'), telemetry });
  const redis = connectRedis(`redis://127.0.0.1:${instance.port('redis')}`, telemetry);
  const cache = createStockCache(redis);
  try {
    const answers = (): Promise<boolean> =>
      cache.check().then(
        () => true,
        () => false,
      );
    if (!(await until(answers, CONNECT_LIMIT_MS))) throw new Error('redis unavailable');
    return await work({ pg, cache, telemetry });
  } finally {
    redis.close();
    await pg.close();
  }
};

/** Rebuilds Redis; reservations are refused with REBUILDING meanwhile. */
export const rebuildStockNow = (instance: Instance, print: Print): Promise<void> =>
  withStores(instance, async (deps) => {
    const startedAt = Date.now();
    for (let tries = 0; tries < REBUILD_TRIES; tries++) {
      const rebuilt = await rebuildStock(deps);
      if (rebuilt) {
        const { epoch, skus, reservations } = rebuilt;
        const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
        return print(`epoch ${epoch}: ${skus} skus, ${reservations} reservations, ${seconds} s`);
      }
      await Bun.sleep(AGAIN_MS);
    }
    throw new Error('another rebuild is still running');
  });

/** Prints every difference between the ledger and Redis; returns their number. */
export const checkStock = (instance: Instance, print: Print): Promise<number> =>
  withStores(instance, async (deps) => {
    const { skus, differences } = await compareStock(deps);
    for (const { storeId, sku, ledger, redis } of differences) {
      print(`${storeId} ${sku}: ledger ${ledger}; redis ${redis}`);
    }
    print(`${skus} skus compared, ${differences.length} differences`);
    return differences.length;
  });
