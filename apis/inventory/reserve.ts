// Reserving: Redis admits or refuses fast, the ledger decides, and its answer goes back to Redis.
import { DomainError } from '../../domain/errors.ts';
import type { Demand, Reservation, StockLevel } from '../../domain/stock.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { holdStock, ledgerEpoch } from '../../db/postgres/reservations.ts';
import type { Admission, StockCache } from '../../db/redis/stock.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

/** A shortage that only others' unsettled admissions explain is tried again this often. */
const CONTENDED_TRIES = 3;
const CONTENDED_WAIT_MS = 80;

export interface InventoryParts {
  pg: Pg;
  cache: StockCache;
  telemetry: Telemetry;
}

export interface ReserveAsk {
  storeId: string;
  id: string;
  /** Sorted by sku, each sku once. */
  demand: Demand[];
  expiresInMs: number;
  /** 1 for the first try. */
  attempt: number;
}

const admitOne = async (
  { cache }: InventoryParts,
  ask: ReserveAsk,
  { sku, quantity }: Demand,
): Promise<Admission> => {
  for (let tries = 1; ; tries++) {
    const admission = await cache.admit(ask.storeId, sku, ask.id, quantity);
    if (admission.verdict !== 'contended' || tries === CONTENDED_TRIES) return admission;
    await Bun.sleep(CONTENDED_WAIT_MS * (0.5 + Math.random() / 2));
  }
};

const withdrawAll = async ({ cache }: InventoryParts, ask: ReserveAsk, taken: Demand[]) => {
  for (const { sku, quantity } of taken) await cache.withdraw(ask.storeId, sku, ask.id, quantity);
};

/** Takes every sku in sorted order, or none; the epoch it was admitted under, if all agree. */
const admitAll = async (
  parts: InventoryParts,
  ask: ReserveAsk,
): Promise<{ epoch: number | undefined }> => {
  const taken: Demand[] = [];
  const epochs = new Set<number>();
  for (const line of ask.demand) {
    const admission = await admitOne(parts, ask, line);
    if (admission.verdict === 'short') {
      await withdrawAll(parts, ask, taken);
      throw new DomainError('OUT_OF_STOCK', `not enough of ${line.sku}`, {
        facts: { stock: [{ sku: line.sku, available: admission.available }] },
      });
    }
    if (admission.verdict === 'admitted') {
      taken.push(line);
      epochs.add(admission.epoch);
    }
  }
  const [epoch] = epochs;
  return { epoch: epochs.size === 1 ? epoch : undefined };
};

/** Tells Redis what the ledger said. Redis may fail here: what it knows ages out in seconds. */
export const settle = async (
  { pg, cache, telemetry }: InventoryParts,
  storeId: string,
  levels: StockLevel[],
  admission?: { id: string; quantities: Map<string, number> },
): Promise<void> => {
  if (levels.length === 0) return;
  try {
    await cache.settle(storeId, await ledgerEpoch(pg), levels, admission);
  } catch (error) {
    telemetry.log.error('ledger answer not told to redis', error, { storeId });
  }
};

const levelsOf = (error: unknown): StockLevel[] => {
  const stock = error instanceof DomainError && error.facts['stock'];
  return Array.isArray(stock) ? (stock as StockLevel[]) : [];
};

/**
 * Holds all lines or none, once per id. Only a first attempt may be refused by Redis alone, and
 * only when the ledger's own last word is a shortage. OUT_OF_STOCK, RESERVATION_REUSED,
 * REBUILDING, UNAVAILABLE (Redis or Postgres away).
 */
export const reserve = async (parts: InventoryParts, ask: ReserveAsk): Promise<Reservation> => {
  const { storeId, id, demand, expiresInMs } = ask;
  const isFirst = ask.attempt <= 1 && !(await parts.cache.knowsReservation(storeId, id));
  const { epoch } = isFirst ? await admitAll(parts, ask) : { epoch: undefined };
  const quantities = new Map(demand.map(({ sku, quantity }) => [sku, quantity]));
  try {
    const hold = { storeId, id, demand, expiresInMs, epoch };
    const { reservation, levels } = await holdStock(parts.pg, hold);
    await parts.cache
      .rememberReservation(storeId, id, expiresInMs)
      .catch((error: unknown) => parts.telemetry.log.error('reservation not remembered', error));
    await settle(parts, storeId, levels, { id, quantities });
    return reservation;
  } catch (error) {
    await settle(parts, storeId, levelsOf(error), { id, quantities });
    throw error;
  }
};
