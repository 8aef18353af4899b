// Inventory's dependencies, and the write of the ledger's levels to Redis.
import type { StockLevel } from '../../domain/stock.ts';
import type { Pg } from '../../db/postgres/client.ts';
import type { StockCache, LedgerLevel } from '../../db/redis/stock.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Answered } from './answered.ts';
import type { Fence } from './fence.ts';
import type { SoldOut } from './sold-out.ts';

export interface InventoryDeps {
  pg: Pg;
  cache: StockCache;
  fence: Fence;
  answered: Answered;
  soldOut: SoldOut;
  telemetry: Telemetry;
}

export interface LedgerWord {
  storeId: string;
  levels: StockLevel[];
  epoch: number;
  /** Skus that Redis lacked, or that the ledger has for the first time. */
  fill?: Set<string> | undefined;
  /** The admission that this answer settles. */
  admission?: { id: string; quantities: Map<string, number> } | undefined;
}

/** Writes the ledger's levels to Redis. A failure is harmless: its levels expire in seconds. */
export const settle = async (
  { cache, soldOut, telemetry }: InventoryDeps,
  { storeId, levels, epoch, fill, admission }: LedgerWord,
): Promise<void> => {
  if (levels.length === 0) return;
  soldOut.learn(storeId, levels);
  const known = levels.map((level): LedgerLevel => {
    const quantity = admission?.quantities.get(level.sku);
    return {
      storeId,
      level,
      epoch,
      how: fill?.has(level.sku) ? 'fill' : 'settle',
      ...(admission && quantity !== undefined && { admission: { id: admission.id, quantity } }),
    };
  });
  await cache
    .writeLevels(known)
    .catch((error: unknown) => telemetry.log.error('ledger levels not written to redis', error));
};
