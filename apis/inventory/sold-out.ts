// Remembers for a second which skus the ledger has none of.
import type { StockLevel } from '../../domain/stock.ts';

const REMEMBERED_MS = 1_000;
const SKUS_MAX = 10_000;

export interface SoldOut {
  /** True when the ledger's zero of this sku is not older than a second. */
  has(storeId: string, sku: string): boolean;
  /** Takes over the ledger's levels; a sku with units leaves the memo. */
  learn(storeId: string, levels: Pick<StockLevel, 'sku' | 'available'>[]): void;
}

export const createSoldOut = (now: () => number = Date.now): SoldOut => {
  const until = new Map<string, number>();
  return {
    has: (storeId, sku) => (until.get(`${storeId}/${sku}`) ?? 0) > now(),
    learn: (storeId, levels) => {
      for (const { sku, available } of levels) {
        const key = `${storeId}/${sku}`;
        until.delete(key);
        if (available > 0) continue;
        if (until.size >= SKUS_MAX) until.clear();
        until.set(key, now() + REMEMBERED_MS);
      }
    },
  };
};
