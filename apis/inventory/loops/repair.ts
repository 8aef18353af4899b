// Goes through the ledger and repairs the levels that Redis has lost or that are wrong.
import { levelPage, type StoredLevel } from '../../../db/postgres/ledger/snapshot.ts';
import type { LedgerLevel } from '../../../db/redis/stock.ts';
import { startLoop, type Loop } from './loop.ts';
import type { InventoryDeps } from '../deps.ts';

const LOOK_EVERY_MS = 1_000;
/** Rows of one step: a million skus take a quarter of an hour. */
const PAGE_SKUS = 1_000;

/** Levels of one store that Redis lacks, has from another rebuild, or has in an older version. */
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
 * One lost level (deleted by an operator, or a key of another type) does not make Redis empty, so
 * no rebuild follows. A reservation fills its own sku from the ledger; this loop fills the others.
 * Writing an equal level changes nothing, because levels go by version.
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
    deps.telemetry.log.warn('repairing redis levels failed', { reason: String(error) }),
  );
};
