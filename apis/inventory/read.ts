// Reads stock: recent levels from Redis, all others from the ledger.
import type { StockLevel } from '../../domain/stock.ts';
import { listLevels } from '../../db/postgres/ledger/stock.ts';
import { isFresh } from '../../db/redis/stock.ts';
import { settle, type InventoryDeps } from './deps.ts';

const plain = ({ sku, onHand, reserved, available, version }: StockLevel): StockLevel => ({
  sku,
  onHand,
  reserved,
  available,
  version,
});

/** Levels in the order of the request; a sku never received has zeros. UNAVAILABLE. */
export const readLevels = async (
  deps: InventoryDeps,
  storeId: string,
  skus: string[],
): Promise<StockLevel[]> => {
  const cached = await deps.cache.listLevels(storeId, [...new Set(skus)]);
  const nowMs = Date.now();
  const fresh = cached.filter((level) => isFresh(level, nowMs)).map(plain);
  const found = new Map(fresh.map((level) => [level.sku, level]));
  const missing = [...new Set(skus.filter((sku) => !found.has(sku)))];
  if (missing.length > 0) {
    // The epoch is read before the levels: written under an older one they change nothing.
    const epoch = deps.fence.peek();
    const levels = await listLevels(deps.pg, storeId, missing);
    for (const level of levels) found.set(level.sku, level);
    const known = levels.filter((level) => level.version > 0);
    if (epoch !== undefined) await settle(deps, { storeId, levels: known, epoch });
  }
  return skus.flatMap((sku) => found.get(sku) ?? []);
};
