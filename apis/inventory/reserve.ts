// Reserves stock: Redis admits or refuses fast, the ledger decides, and its levels go to Redis.
import { DomainError } from '../../domain/errors.ts';
import type { Demand, Reservation, StockLevel } from '../../domain/stock.ts';
import { holdStock, rebuilding } from '../../db/postgres/ledger/reservations.ts';
import type { Admission } from '../../db/redis/stock.ts';
import { settle, type InventoryDeps } from './deps.ts';

/** How often a shortage caused only by others' unsettled admissions is retried. */
const CONTENDED_TRIES = 3;
const CONTENDED_WAIT_MS = 100;

export interface ReserveInput {
  storeId: string;
  id: string;
  /** Sorted by sku, each sku once. */
  demand: Demand[];
  expiresInMs: number;
  /** 1 for the first attempt. */
  attempt: number;
}

const outOfStock = (short: Demand[], levels: Partial<StockLevel>[]): DomainError =>
  new DomainError('OUT_OF_STOCK', `not enough of ${short.map((one) => one.sku).join(', ')}`, {
    facts: { stock: levels },
  });

const withdrawAll = async (
  { cache, telemetry }: InventoryDeps,
  input: ReserveInput,
  taken: Demand[],
): Promise<void> => {
  const all = taken.map(({ sku, quantity }) =>
    cache.withdraw(input.storeId, sku, input.id, quantity),
  );
  // An admission that cannot be returned expires ten seconds after it was taken.
  await Promise.all(all).catch((error: unknown) =>
    telemetry.log.warn('returning an admission failed', { reason: String(error) }),
  );
};

const admitOne = async (
  { cache }: InventoryDeps,
  input: ReserveInput,
  line: Demand,
  epoch: number,
): Promise<Admission> => {
  for (let tries = 1; ; tries++) {
    const admission = await cache.admit({ ...line, storeId: input.storeId, id: input.id, epoch });
    if (admission.verdict !== 'contended' || tries > CONTENDED_TRIES) return admission;
    await Bun.sleep(CONTENDED_WAIT_MS * (0.5 + Math.random() / 2));
  }
};

interface Admitted {
  epoch: number | undefined;
  taken: Demand[];
  /** Skus that Redis lacks, though it is complete: they are filled from the ledger's answer. */
  unknown: Set<string>;
}

const NOT_ADMITTED: Admitted = { epoch: undefined, taken: [], unknown: new Set() };

/**
 * Takes every sku in sorted order, or none; the first was taken already. A sku that Redis cannot
 * judge is left to the ledger.
 */
const admitAll = async (
  deps: InventoryDeps,
  input: ReserveInput,
  epoch: number,
  first: Admission,
): Promise<Admitted> => {
  const taken: Demand[] = [];
  const unknown = new Set<string>();
  const giveBack = async (refusal: DomainError): Promise<never> => {
    await withdrawAll(deps, input, taken);
    throw refusal;
  };
  for (const [at, line] of input.demand.entries()) {
    const { verdict, available } = at === 0 ? first : await admitOne(deps, input, line, epoch);
    if (verdict === 'short') {
      const level = { sku: line.sku, available };
      deps.soldOut.learn(input.storeId, [level]);
      return giveBack(outOfStock([line], [level]));
    }
    if (verdict === 'fenced') {
      deps.fence.distrust();
      return giveBack(rebuilding());
    }
    if (verdict === 'admitted') taken.push(line);
    if (verdict === 'unknown') unknown.add(line.sku);
  }
  return { epoch, taken, unknown };
};

/** Redis or this process's memo may refuse or delay a first attempt only. */
const admitInRedis = async (deps: InventoryDeps, input: ReserveInput): Promise<Admitted> => {
  if (input.attempt > 1) return NOT_ADMITTED;
  const { storeId, id, demand } = input;
  const gone = demand.find(({ sku }) => deps.soldOut.has(storeId, sku));
  if (gone && !deps.answered.has(storeId, id)) {
    // Another process may have held it: a repeated call gets its first answer.
    if ((await deps.cache.lookUp(storeId, id)).isKnown) return NOT_ADMITTED;
    throw outOfStock([gone], [{ sku: gone.sku, available: 0 }]);
  }
  const epoch = deps.fence.epoch();
  const [line] = demand;
  if (!line) return NOT_ADMITTED;
  // Both run together. An admission of a known id ends with the ledger's answer.
  const [seen, first] = await Promise.all([
    deps.cache.lookUp(storeId, id),
    admitOne(deps, input, line, epoch),
  ]);
  if (seen.epoch !== epoch) {
    deps.fence.distrust();
    throw rebuilding();
  }
  return seen.isKnown ? NOT_ADMITTED : admitAll(deps, input, epoch, first);
};

/** Written before the ledger's transaction, so that no crash makes this id look new. */
const remember = async (deps: InventoryDeps, input: ReserveInput, admitted: Admitted) => {
  const { storeId, id, expiresInMs } = input;
  try {
    await deps.cache.remember([{ storeId, id, lifeMs: expiresInMs }]);
  } catch (error) {
    // Without Redis only a later attempt continues; the caller's retry will be one.
    if (admitted !== NOT_ADMITTED) throw error;
    deps.telemetry.log.warn('reservation id not written to redis', { reason: String(error) });
  }
};

/**
 * Holds all lines or none, once per id. Redis alone may refuse only a first attempt, and only when
 * the ledger's last answer is a shortage. OUT_OF_STOCK, RESERVATION_REUSED, REBUILDING, UNAVAILABLE
 * (Redis or Postgres away).
 */
export const reserve = async (deps: InventoryDeps, input: ReserveInput): Promise<Reservation> => {
  const { storeId, id, demand, expiresInMs } = input;
  const admitted = await admitInRedis(deps, input);
  await remember(deps, input, admitted);
  const hold = { storeId, id, demand, expiresInMs, epoch: admitted.epoch };
  const answer = await holdStock(deps.pg, hold).catch(async (error: unknown) => {
    const isDefinite = error instanceof DomainError && error.code !== 'UNAVAILABLE';
    if (isDefinite) await withdrawAll(deps, input, admitted.taken);
    if (isDefinite && error.code === 'REBUILDING') deps.fence.distrust();
    throw error;
  });
  const quantities = new Map(demand.map(({ sku, quantity }) => [sku, quantity]));
  const { levels, epoch } = answer;
  const word = { storeId, levels, epoch, fill: admitted.unknown, admission: { id, quantities } };
  await settle(deps, word);
  if (answer.outcome === 'held') {
    deps.answered.add(storeId, id);
    return answer.reservation;
  }
  const available = new Map(levels.map((level) => [level.sku, level.available]));
  const short = demand.filter(({ sku, quantity }) => (available.get(sku) ?? 0) < quantity);
  throw outOfStock(short, levels);
};
