// Compares Redis with the ledger and lists the differences that persist.
import { chunksOf } from '../../concurrency/chunks.ts';
import type { StockLevel } from '../../domain/stock.ts';
import type { Pg, Tx } from '../../db/postgres/client.ts';
import { ledgerEpoch } from '../../db/postgres/ledger/epoch.ts';
import { levelPages, onSnapshot } from '../../db/postgres/ledger/snapshot.ts';
import { listLevels } from '../../db/postgres/ledger/stock.ts';
import { readyText, type CachedLevel, type StockCache } from '../../db/redis/stock.ts';

const SETTLE_MS = 1_000;
const LOOKS = 3;
/** The most differences that are listed. */
export const DIFFERENCES_MAX = 1_000;
const SKUS_A_READ = 500;

export interface Difference {
  storeId: string;
  sku: string;
  ledger: string;
  redis: string;
}

export interface Comparison {
  skus: number;
  /** At most 1,000. */
  differences: Difference[];
}

interface CompareDeps {
  pg: Pg;
  cache: StockCache;
}

const shown = ({ onHand, reserved, version }: StockLevel): string =>
  `${reserved} of ${onHand} held, version ${version}`;

const differenceOf = (
  storeId: string,
  ledger: StockLevel,
  redis: CachedLevel | undefined,
  epoch: number,
): Difference[] => {
  // A sku that the ledger lacks is no difference while Redis counts none of it either.
  if (ledger.version === 0 && !redis?.onHand) return [];
  const isRight = redis && shown(redis) === shown(ledger) && redis.epoch === epoch;
  if (isRight) return [];
  const text = redis ? `${shown(redis)}, epoch ${redis.epoch} of ${epoch}` : 'nothing';
  return [{ storeId, sku: ledger.sku, ledger: shown(ledger), redis: text }];
};

const compareSkus = async (
  { cache }: CompareDeps,
  storeId: string,
  levels: StockLevel[],
  epoch: number,
): Promise<Difference[]> => {
  const skus = levels.map((level) => level.sku);
  const cached = await cache.listLevels(storeId, skus);
  const found = new Map(cached.map((level) => [level.sku, level]));
  return levels.flatMap((level) => differenceOf(storeId, level, found.get(level.sku), epoch));
};

/** A sku that is being sold differs for a moment; a difference that persists is an error. */
const stillThere = async (deps: CompareDeps, differences: Difference[]) => {
  const left: Difference[] = [];
  const epoch = await ledgerEpoch(deps.pg);
  for (const [storeId, group] of Map.groupBy(differences, (one) => one.storeId)) {
    for (const some of chunksOf(group, SKUS_A_READ)) {
      const skus = some.map((one) => one.sku);
      const levels = await listLevels(deps.pg, storeId, skus);
      left.push(...(await compareSkus(deps, storeId, levels, epoch)));
    }
  }
  return left;
};

const compareAll = async (
  deps: CompareDeps,
  tx: Tx,
): Promise<Comparison & { all: Set<string> }> => {
  const epoch = await ledgerEpoch(deps.pg);
  const all = new Set<string>();
  const differences: Difference[] = [];
  for await (const page of levelPages(tx)) {
    for (const { storeId, level } of page) all.add(`${storeId}/${level.sku}`);
    for (const [storeId, group] of Map.groupBy(page, (one) => one.storeId)) {
      const levels = group.map((one) => one.level);
      const found = await compareSkus(deps, storeId, levels, epoch);
      if (differences.length < DIFFERENCES_MAX) differences.push(...found);
    }
  }
  return { skus: all.size, differences, all };
};

/** Skus that Redis counts and the ledger has never had. */
const listStrange = async ({ cache }: CompareDeps, all: Set<string>): Promise<Difference[]> => {
  const strange: Difference[] = [];
  for await (const { storeId, sku } of cache.scanLevels()) {
    if (all.has(`${storeId}/${sku}`) || strange.length >= DIFFERENCES_MAX) continue;
    strange.push({ storeId, sku, ledger: 'nothing', redis: 'a level' });
  }
  return strange;
};

/** The difference of no single sku: Redis is not ready under the ledger's epoch. */
const listUnready = async ({ pg, cache }: CompareDeps): Promise<Difference[]> => {
  const { identity, ready } = await cache.inspect();
  const epoch = await ledgerEpoch(pg);
  if (ready === readyText(epoch, identity)) return [];
  return [{ storeId: '', sku: '', ledger: `epoch ${epoch}`, redis: ready || 'not whole' }];
};

/** Compares every sku. Without a difference Redis equals what a rebuild would write. */
export const compareStock = async (deps: CompareDeps): Promise<Comparison> => {
  const { all, skus, differences } = await onSnapshot(deps.pg, (tx) => compareAll(deps, tx));
  const suspects = [...differences, ...(await listStrange(deps, all))];
  if (suspects.length === 0) return { skus, differences: await listUnready(deps) };
  let left = suspects;
  // A sku that changes between two reads is rarely the same at the next comparison.
  for (let looks = 0; looks < LOOKS && left.length > 0; looks++) {
    await Bun.sleep(SETTLE_MS);
    left = await stillThere(deps, left);
  }
  left.unshift(...(await listUnready(deps)));
  return { skus, differences: left.slice(0, DIFFERENCES_MAX) };
};
