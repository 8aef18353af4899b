// Reserving: Redis admits or refuses fast, the ledger decides, and its answer goes back to Redis.
import { DomainError } from '../../domain/errors.ts';
import type { Demand, Reservation, StockLevel } from '../../domain/stock.ts';
import { holdStock, rebuilding } from '../../db/postgres/ledger/reservations.ts';
import type { Admission } from '../../db/redis/stock.ts';
import { settle, type InventoryParts } from './parts.ts';

/** A shortage that only others' unsettled admissions explain is tried again this often. */
const CONTENDED_TRIES = 3;
const CONTENDED_WAIT_MS = 100;

export interface ReserveAsk {
  storeId: string;
  id: string;
  /** Sorted by sku, each sku once. */
  demand: Demand[];
  expiresInMs: number;
  /** 1 for the first try. */
  attempt: number;
}

const outOfStock = (short: Demand[], levels: Partial<StockLevel>[]): DomainError =>
  new DomainError('OUT_OF_STOCK', `not enough of ${short.map((one) => one.sku).join(', ')}`, {
    facts: { stock: levels },
  });

const withdrawAll = async (
  { cache, telemetry }: InventoryParts,
  ask: ReserveAsk,
  taken: Demand[],
): Promise<void> => {
  const all = taken.map(({ sku, quantity }) => cache.withdraw(ask.storeId, sku, ask.id, quantity));
  // What cannot be given back ends by itself, ten seconds after it was taken.
  await Promise.all(all).catch((error: unknown) =>
    telemetry.log.warn('admission not given back', { reason: String(error) }),
  );
};

const admitOne = async (
  { cache }: InventoryParts,
  ask: ReserveAsk,
  line: Demand,
  epoch: number,
): Promise<Admission> => {
  for (let tries = 1; ; tries++) {
    const admission = await cache.admit({ ...line, storeId: ask.storeId, id: ask.id, epoch });
    if (admission.verdict !== 'contended' || tries > CONTENDED_TRIES) return admission;
    await Bun.sleep(CONTENDED_WAIT_MS * (0.5 + Math.random() / 2));
  }
};

interface Admitted {
  epoch: number | undefined;
  taken: Demand[];
  /** Skus Redis does not have, though it is whole: the ledger's answer is put in. */
  unknown: Set<string>;
}

const NOT_ASKED: Admitted = { epoch: undefined, taken: [], unknown: new Set() };

/**
 * Takes every sku in sorted order, or none; the first has been asked for already. What Redis
 * cannot judge is left to the ledger.
 */
const admitAll = async (
  parts: InventoryParts,
  ask: ReserveAsk,
  epoch: number,
  first: Admission,
): Promise<Admitted> => {
  const taken: Demand[] = [];
  const unknown = new Set<string>();
  const giveBack = async (refusal: DomainError): Promise<never> => {
    await withdrawAll(parts, ask, taken);
    throw refusal;
  };
  for (const [at, line] of ask.demand.entries()) {
    const { verdict, available } = at === 0 ? first : await admitOne(parts, ask, line, epoch);
    if (verdict === 'short') {
      const level = { sku: line.sku, available };
      parts.soldOut.learn(ask.storeId, [level]);
      return giveBack(outOfStock([line], [level]));
    }
    if (verdict === 'fenced') {
      parts.fence.distrust();
      return giveBack(rebuilding());
    }
    if (verdict === 'admitted') taken.push(line);
    if (verdict === 'unknown') unknown.add(line.sku);
  }
  return { epoch, taken, unknown };
};

/** Only a first attempt may be refused, or held up, by what Redis or this process remembers. */
const askRedis = async (parts: InventoryParts, ask: ReserveAsk): Promise<Admitted> => {
  if (ask.attempt > 1) return NOT_ASKED;
  const { storeId, id, demand } = ask;
  const gone = demand.find(({ sku }) => parts.soldOut.has(storeId, sku));
  if (gone && !parts.answered.has(storeId, id)) {
    throw outOfStock([gone], [{ sku: gone.sku, available: 0 }]);
  }
  const epoch = parts.fence.epoch();
  const [line] = demand;
  if (!line) return NOT_ASKED;
  // Asked for together. What a known id is admitted by that ends with the ledger's answer.
  const [seen, first] = await Promise.all([
    parts.cache.lookUp(storeId, id),
    admitOne(parts, ask, line, epoch),
  ]);
  if (seen.epoch !== epoch) {
    parts.fence.distrust();
    throw rebuilding();
  }
  return seen.isKnown ? NOT_ASKED : admitAll(parts, ask, epoch, first);
};

/** From before the ledger is asked, so that no crash in between makes this id look new. */
const remember = async (parts: InventoryParts, ask: ReserveAsk, admitted: Admitted) => {
  const { storeId, id, expiresInMs } = ask;
  try {
    await parts.cache.remember([{ storeId, id, lifeMs: expiresInMs }]);
  } catch (error) {
    // Without Redis only a later attempt goes on: it will be a later one the next time, too.
    if (admitted !== NOT_ASKED) throw error;
    parts.telemetry.log.warn('reservation not remembered', { reason: String(error) });
  }
};

/**
 * Holds all lines or none, once per id. Only a first attempt may be refused by Redis alone, and
 * only when the ledger's own last word is a shortage. OUT_OF_STOCK, RESERVATION_REUSED,
 * REBUILDING, UNAVAILABLE (Redis or Postgres away).
 */
export const reserve = async (parts: InventoryParts, ask: ReserveAsk): Promise<Reservation> => {
  const { storeId, id, demand, expiresInMs } = ask;
  const admitted = await askRedis(parts, ask);
  await remember(parts, ask, admitted);
  const hold = { storeId, id, demand, expiresInMs, epoch: admitted.epoch };
  const answer = await holdStock(parts.pg, hold).catch(async (error: unknown) => {
    const isDefinite = error instanceof DomainError && error.code !== 'UNAVAILABLE';
    if (isDefinite) await withdrawAll(parts, ask, admitted.taken);
    if (isDefinite && error.code === 'REBUILDING') parts.fence.distrust();
    throw error;
  });
  const quantities = new Map(demand.map(({ sku, quantity }) => [sku, quantity]));
  const { levels, epoch } = answer;
  const word = { storeId, levels, epoch, fill: admitted.unknown, admission: { id, quantities } };
  await settle(parts, word);
  if (answer.outcome === 'held') {
    parts.answered.add(storeId, id);
    return answer.reservation;
  }
  const available = new Map(levels.map((level) => [level.sku, level.available]));
  const short = demand.filter(({ sku, quantity }) => (available.get(sku) ?? 0) < quantity);
  throw outOfStock(short, levels);
};
