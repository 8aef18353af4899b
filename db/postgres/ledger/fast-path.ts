// Holds and endings that need no decision: one round trip each, or undefined and nothing changed.
import { sql } from 'drizzle-orm';
import type { Taking } from '../../../domain/allocation.ts';
import { demandOf } from '../../../domain/order.ts';
import type { Demand, Reservation, StockLevel } from '../../../domain/stock.ts';
import { prepared, type Pg } from '../client.ts';

/** A reservation, what the ledger now says of its skus, and under which epoch it said so. */
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
  /** The epoch under which Redis admitted it; undefined when Redis was not asked. */
  epoch: number | undefined;
}

/** What both functions answer; their text is in the migrations. */
interface Word {
  epoch: number;
  expiresAt: string;
  levels: { sku: string; onHand: number; reserved: number; version: number }[];
}

const levelsIn = ({ levels }: Word): StockLevel[] =>
  levels.map((level) => ({ ...level, available: level.onHand - level.reserved }));

/** A reservation none of whose units is missing. */
const whole = (
  of: Pick<Reservation, 'id' | 'state' | 'lines' | 'takings'> & { expiresAt: string },
): Reservation => ({
  ...of,
  missing: [],
  attention: undefined,
  expiresAt: new Date(of.expiresAt).toISOString(),
});

/** Holds what one location has, when no sku sells out by it and the id is new. */
export const holdFast = (pg: Pg, hold: Hold): Promise<LedgerAnswer | undefined> =>
  pg.query('reservations.holdAtOnce', async (db) => {
    const { storeId, id, demand: lines, expiresInMs, epoch } = hold;
    const [row] = await prepared<{ word: (Word & { location: string }) | null }>(
      db,
      sql`select inventory.hold_fast(${storeId}, ${id}, ${JSON.stringify(lines)}::text::jsonb,
        ${expiresInMs / 1000}::float8, ${epoch ?? null}::int) as word`,
    );
    const word = row?.word;
    if (!word) return undefined;
    const { location, expiresAt } = word;
    const takings = lines.map((line) => ({ ...line, location }));
    const reservation = whole({ id, state: 'held', lines, takings, expiresAt });
    return { reservation, levels: levelsIn(word), epoch: word.epoch };
  });

/** Ends what is held, when none of its units is missing and no sku comes back into stock by it. */
export const endFast = (
  pg: Pg,
  {
    storeId,
    id,
    state,
  }: { storeId: string; id: string; state: Exclude<Reservation['state'], 'held'> },
): Promise<LedgerAnswer | undefined> =>
  pg.query('reservations.endAtOnce', async (db) => {
    const [row] = await prepared<{ word: (Word & { takings: Taking[] }) | null }>(
      db,
      sql`select inventory.end_fast(${storeId}, ${id}, ${state}) as word`,
    );
    const word = row?.word;
    if (!word) return undefined;
    const { takings, expiresAt } = word;
    const lines = demandOf(takings);
    const reservation = whole({ id, state, lines, takings, expiresAt });
    return { reservation, levels: levelsIn(word), epoch: word.epoch };
  });
