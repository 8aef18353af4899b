// Holds and endings that need no decision: one round trip, or undefined with nothing changed.
import { sql } from 'drizzle-orm';
import type { Taking } from '../../../domain/stock.ts';
import { demandOf } from '../../../domain/order.ts';
import type { Demand, Reservation, StockLevel } from '../../../domain/stock.ts';
import { prepared, type Pg } from '../client.ts';

/** A reservation, its skus' levels in the ledger, and the epoch they were read under. */
export interface LedgerAnswer {
  reservation: Reservation;
  levels: StockLevel[];
  epoch: number;
}

export interface Hold {
  storeId: string;
  id: string;
  /** Sorted by sku, each sku once. */
  demand: Demand[];
  expiresInMs: number;
  /** The epoch under which Redis admitted it; undefined when Redis was not consulted. */
  epoch: number | undefined;
}

/** The result of both SQL functions; their text is in the migrations. */
interface FunctionResult {
  epoch: number;
  expiresAt: string;
  levels: { sku: string; onHand: number; reserved: number; version: number }[];
}

const levelsIn = ({ levels }: FunctionResult): StockLevel[] =>
  levels.map((level) => ({ ...level, available: level.onHand - level.reserved }));

/** A reservation without missing units. */
const reservationOf = (
  of: Pick<Reservation, 'id' | 'state' | 'lines' | 'takings'> & { expiresAt: string },
): Reservation => ({
  ...of,
  missing: [],
  attention: undefined,
  expiresAt: new Date(of.expiresAt).toISOString(),
});

/** Holds units of one location, when no sku sells out by it and the id is new. */
export const holdFast = (pg: Pg, hold: Hold): Promise<LedgerAnswer | undefined> =>
  pg.query('reservations.holdFast', async (db) => {
    const { storeId, id, demand: lines, expiresInMs, epoch } = hold;
    const [row] = await prepared<{ result: (FunctionResult & { location: string }) | null }>(
      db,
      sql`select inventory.hold_fast(${storeId}, ${id}, ${JSON.stringify(lines)}::text::jsonb,
        ${expiresInMs / 1000}::float8, ${epoch ?? null}::int) as result`,
    );
    const result = row?.result;
    if (!result) return undefined;
    const { location, expiresAt } = result;
    const takings = lines.map((line) => ({ ...line, location }));
    const reservation = reservationOf({ id, state: 'held', lines, takings, expiresAt });
    return { reservation, levels: levelsIn(result), epoch: result.epoch };
  });

/** Ends a hold, when it has no missing units and no sku comes back into stock by it. */
export const endFast = (
  pg: Pg,
  {
    storeId,
    id,
    state,
  }: { storeId: string; id: string; state: Exclude<Reservation['state'], 'held'> },
): Promise<LedgerAnswer | undefined> =>
  pg.query('reservations.endFast', async (db) => {
    const [row] = await prepared<{ result: (FunctionResult & { takings: Taking[] }) | null }>(
      db,
      sql`select inventory.end_fast(${storeId}, ${id}, ${state}) as result`,
    );
    const result = row?.result;
    if (!result) return undefined;
    const { takings, expiresAt } = result;
    const lines = demandOf(takings);
    const reservation = reservationOf({ id, state, lines, takings, expiresAt });
    return { reservation, levels: levelsIn(result), epoch: result.epoch };
  });
