// Reservations in the ledger: held all-or-nothing, and each ends exactly once.
import { and, eq, sql } from 'drizzle-orm';
import { DomainError } from '../../domain/errors.ts';
import {
  DEFAULT_LOCATION,
  type Demand,
  type Reservation,
  type StockLevel,
} from '../../domain/stock.ts';
import type { Db, Pg, Tx } from './client.ts';
import { announceFlips, applyDemand, balancesOf, EFFECTS, type Balance } from './stock-rows.ts';
import { reservationLines, reservations } from './schema/inventory.ts';

/** A reservation and what the ledger now says of its skus. */
export interface LedgerAnswer {
  reservation: Reservation;
  levels: StockLevel[];
}

export const noReservation = (): DomainError => new DomainError('NOT_FOUND', 'no such reservation');

export const readReservation = async (
  db: Db | Tx,
  storeId: string,
  id: string,
): Promise<Reservation | undefined> => {
  const [row] = await db
    .select()
    .from(reservations)
    .where(and(eq(reservations.storeId, storeId), eq(reservations.id, id)));
  if (!row) return undefined;
  const lines = await db
    .select({ sku: reservationLines.sku, quantity: reservationLines.quantity })
    .from(reservationLines)
    .where(and(eq(reservationLines.storeId, storeId), eq(reservationLines.reservationId, id)))
    .orderBy(reservationLines.sku);
  return { id, state: row.state, lines, expiresAt: row.expiresAt.toISOString() };
};

/** NOT_FOUND, also for another store's reservation. */
export const reservationById = (pg: Pg, storeId: string, id: string): Promise<Reservation> =>
  pg.query('reservations.byId', async (db) => {
    const reservation = await readReservation(db, storeId, id);
    if (!reservation) throw noReservation();
    return reservation;
  });

const levelsOf = async (tx: Tx, storeId: string, lines: Demand[]): Promise<StockLevel[]> => {
  const skus = lines.map((line) => line.sku);
  return [...(await balancesOf(tx, storeId, skus, false)).values()];
};

const assertSameLines = (present: Reservation, demand: Demand[]): void => {
  if (JSON.stringify(present.lines) === JSON.stringify(demand)) return;
  throw new DomainError('RESERVATION_REUSED', 'this reservation id was used with other lines');
};

const assertEnough = (demand: Demand[], balances: Map<string, Balance>): void => {
  const short = demand.filter(
    ({ sku, quantity }) => (balances.get(sku)?.available ?? 0) < quantity,
  );
  if (short.length === 0) return;
  const levels = demand.map(({ sku }) => ({
    sku,
    onHand: balances.get(sku)?.onHand ?? 0,
    reserved: balances.get(sku)?.reserved ?? 0,
    available: balances.get(sku)?.available ?? 0,
    version: balances.get(sku)?.version ?? 0,
  }));
  throw new DomainError('OUT_OF_STOCK', `not enough of ${short.map((one) => one.sku).join(', ')}`, {
    facts: { stock: levels },
  });
};

/** The ledger's epoch, held in place until the transaction ends. REBUILDING when it moved on. */
const assertEpoch = async (tx: Tx, epoch: number | undefined): Promise<void> => {
  const [row] = await tx.execute<{ epoch: number }>(
    sql`select epoch from inventory.epochs where id = 1 for share`,
  );
  if (epoch === undefined || row?.epoch === epoch) return;
  throw new DomainError('REBUILDING', 'stock counts are being rebuilt', { retryAfterSeconds: 2 });
};

export const ledgerEpoch = (pg: Pg): Promise<number> =>
  pg.query('reservations.epoch', async (db) => {
    const [row] = await db.execute<{ epoch: number }>(
      sql`select epoch from inventory.epochs where id = 1`,
    );
    return row?.epoch ?? 0;
  });

interface Hold {
  storeId: string;
  id: string;
  /** Sorted by sku, each sku once. */
  demand: Demand[];
  expiresInMs: number;
  /** The epoch under which Redis admitted it; undefined when Redis was not asked. */
  epoch: number | undefined;
}

const insertHold = async (tx: Tx, hold: Hold): Promise<boolean> => {
  const inserted = await tx
    .insert(reservations)
    .values({
      storeId: hold.storeId,
      id: hold.id,
      state: 'held',
      expiresAt: sql`now() + make_interval(secs => ${hold.expiresInMs / 1000})`,
    })
    .onConflictDoNothing()
    .returning({ id: reservations.id });
  return inserted.length > 0;
};

/**
 * Holds all lines or none, once per id: the same id answers what it answered first.
 * OUT_OF_STOCK (facts: stock), RESERVATION_REUSED, REBUILDING.
 */
export const holdStock = (pg: Pg, hold: Hold): Promise<LedgerAnswer> =>
  pg.transaction('reservations.hold', async (tx) => {
    const { storeId, id, demand } = hold;
    await assertEpoch(tx, hold.epoch);
    if (!(await insertHold(tx, hold))) {
      const present = await readReservation(tx, storeId, id);
      if (!present) throw noReservation();
      assertSameLines(present, demand);
      return { reservation: present, levels: await levelsOf(tx, storeId, demand) };
    }
    const skus = demand.map((line) => line.sku);
    const before = await balancesOf(tx, storeId, skus, true);
    assertEnough(demand, before);
    const levels = await applyDemand(tx, storeId, demand, EFFECTS.hold);
    await tx.insert(reservationLines).values(
      demand.map((line) => ({
        ...line,
        storeId,
        reservationId: id,
        location: DEFAULT_LOCATION,
      })),
    );
    await announceFlips(tx, storeId, before, levels);
    const reservation = await readReservation(tx, storeId, id);
    if (!reservation) throw noReservation();
    return { reservation, levels };
  });

/** What a reservation that is no longer held says to who needs it held. */
export const reservationEnded = (present: Reservation): DomainError =>
  new DomainError('RESERVATION_ENDED', `the reservation is ${present.state}`, {
    facts: { state: present.state },
  });

/** Moves the deadline of a hold away, never nearer. RESERVATION_ENDED, NOT_FOUND. */
export const extendReservation = (
  pg: Pg,
  storeId: string,
  id: string,
  expiresInMs: number,
): Promise<Reservation> =>
  pg.transaction('reservations.extend', async (tx) => {
    const deadline = sql`now() + make_interval(secs => ${expiresInMs / 1000})`;
    await tx
      .update(reservations)
      .set({ expiresAt: sql`greatest(${reservations.expiresAt}, ${deadline})` })
      .where(
        and(
          eq(reservations.storeId, storeId),
          eq(reservations.id, id),
          eq(reservations.state, 'held'),
        ),
      );
    const present = await readReservation(tx, storeId, id);
    if (!present) throw noReservation();
    if (present.state !== 'held') throw reservationEnded(present);
    return present;
  });
