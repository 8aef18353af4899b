// The mender: goes through the ledger and puts right what Redis has lost or spoiled of it.
import { levelPage, type StoredLevel } from '../../../db/postgres/ledger/snapshot.ts';
import type { LedgerLevel } from '../../../db/redis/stock.ts';
import { startLoop, type Loop } from './loop.ts';
import type { InventoryDeps } from '../deps.ts';

const LOOK_EVERY_MS = 1_000;
/** Looked at in one go: a million skus are gone through in a quarter of an hour. */
const PAGE_SKUS = 1_000;

/** Levels of one store that Redis does not have, or has of another rebuild, or older. */
const wrongOf = async (
  { cache }: InventoryDeps,
  storeId: string,
  page: StoredLevel[],
  epoch: number,
): Promise<LedgerLevel[]> => {
  const levels = page.map(({ level }) => level);
  const skus = levels.map(({ sku }) => sku);
  const known = new Map((await cache.listLevels(storeId, skus)).map((one) => [one.sku, one]));
  const isRight = (sku: string, version: number): boolean => {
    const level = known.get(sku);
    return level !== undefined && level.epoch === epoch && level.version >= version;
  };
  return levels
    .filter(({ sku, version }) => !isRight(sku, version))
    .map((level) => ({ storeId, level, epoch, how: 'fill' }));
};

/**
 * A single level that is gone (an operator's hand, a key of another type) does not make Redis
 * empty, so nobody rebuilds it. Reserving asks the ledger and fills it; what nobody reserves is
 * filled here. Telling what is so already changes nothing: levels go by their versions.
 */
export const startRepairing = (deps: InventoryDeps): Loop => {
  const repaired = deps.telemetry.counter(
    'holdfast_stock_mended_total',
    'Levels that Redis had lost.',
  );
  let after = { storeId: '', sku: '' };
  const look = async (): Promise<void> => {
    const epoch = deps.fence.peek();
    if (epoch === undefined) return;
    const page = await levelPage(deps.pg, after, PAGE_SKUS);
    for (const [storeId, own] of Map.groupBy(page, (one) => one.storeId)) {
      const wrong = await wrongOf(deps, storeId, own, epoch);
      await deps.cache.writeLevels(wrong);
      repaired.inc(wrong.length);
    }
    const last = page.at(-1);
    after = last ? { storeId: last.storeId, sku: last.level.sku } : { storeId: '', sku: '' };
  };
  return startLoop(LOOK_EVERY_MS, look, (error) =>
    deps.telemetry.log.warn('stock not looked through', { reason: String(error) }),
  );
};
