// Reservations in the ledger: held all-or-nothing, and each ends exactly once.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { DomainError } from '../../domain/errors.ts';
import {
  DEFAULT_LOCATION,
  type Demand,
  type Reservation,
  type ReservationState,
  type StockLevel,
} from '../../domain/stock.ts';
import type { Db, Pg, Tx } from './client.ts';
import { announceFlips, applyDemand, balancesOf, EFFECTS, type Balance } from './stock-rows.ts';
import { movements, reservationLines, reservations } from './schema/inventory.ts';

const EXPIRED_BATCH_MAX = 100;

/** A reservation and what the ledger now says of its skus. */
export interface LedgerAnswer {
  reservation: Reservation;
  levels: StockLevel[];
}

const notFound = (): DomainError => new DomainError('NOT_FOUND', 'no such reservation');

const readReservation = async (
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
    if (!reservation) throw notFound();
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
      if (!present) throw notFound();
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
    if (!reservation) throw notFound();
    return { reservation, levels };
  });

interface Ending {
  state: Exclude<ReservationState, 'held'>;
  effect: (typeof EFFECTS)['claim' | 'letGo'];
}

const settleLines = async (
  tx: Tx,
  storeId: string,
  reservation: Reservation,
  effect: (typeof EFFECTS)['claim' | 'letGo' | 'reverse'],
): Promise<StockLevel[]> => {
  const { id, lines } = reservation;
  const skus = lines.map((line) => line.sku);
  const before = await balancesOf(tx, storeId, skus, true);
  const levels = await applyDemand(tx, storeId, lines, effect);
  if (effect.onHand !== 0) {
    await tx.insert(movements).values(
      lines.map(({ sku, quantity }) => ({
        storeId,
        sku,
        location: DEFAULT_LOCATION,
        kind: effect.onHand < 0 ? ('claimed' as const) : ('reversed' as const),
        quantity: effect.onHand * quantity,
        reference: id,
      })),
    );
  }
  await announceFlips(tx, storeId, before, levels);
  return levels;
};

/** Ends a hold by compare-and-set; undefined when it was no longer (or never) held. */
const endHold = async (
  tx: Tx,
  storeId: string,
  id: string,
  { state, effect }: Ending,
): Promise<LedgerAnswer | undefined> => {
  const ended = await tx
    .update(reservations)
    .set({ state, endedAt: sql`now()` })
    .where(
      and(
        eq(reservations.storeId, storeId),
        eq(reservations.id, id),
        eq(reservations.state, 'held'),
      ),
    )
    .returning({ id: reservations.id });
  if (ended.length === 0) return undefined;
  const reservation = await readReservation(tx, storeId, id);
  if (!reservation) throw notFound();
  return { reservation, levels: await settleLines(tx, storeId, reservation, effect) };
};

const ended = (present: Reservation): DomainError =>
  new DomainError('RESERVATION_ENDED', `the reservation is ${present.state}`, {
    facts: { state: present.state },
  });

/** Turns a hold into sold units. RESERVATION_ENDED when released or expired, NOT_FOUND. */
export const claimReservation = (pg: Pg, storeId: string, id: string): Promise<LedgerAnswer> =>
  pg.transaction('reservations.claim', async (tx) => {
    const now = await endHold(tx, storeId, id, { state: 'claimed', effect: EFFECTS.claim });
    if (now) return now;
    const present = await readReservation(tx, storeId, id);
    if (!present) throw notFound();
    if (present.state !== 'claimed') throw ended(present);
    return { reservation: present, levels: [] };
  });

/** Gives a hold back; what is not held (any more) stays as it is. RESERVATION_ENDED if claimed. */
export const releaseReservation = (
  pg: Pg,
  storeId: string,
  id: string,
): Promise<LedgerAnswer | undefined> =>
  pg.transaction('reservations.release', async (tx) => {
    const now = await endHold(tx, storeId, id, { state: 'released', effect: EFFECTS.letGo });
    if (now) return now;
    const present = await readReservation(tx, storeId, id);
    if (present?.state === 'claimed') throw ended(present);
    return present && { reservation: present, levels: [] };
  });

/** Puts claimed units back on hand, once. RESERVATION_ENDED when it was never claimed. */
export const reverseClaim = (pg: Pg, storeId: string, id: string): Promise<LedgerAnswer> =>
  pg.transaction('reservations.reverse', async (tx) => {
    const marked = await tx
      .update(reservations)
      .set({ reversedAt: sql`now()` })
      .where(
        and(
          eq(reservations.storeId, storeId),
          eq(reservations.id, id),
          eq(reservations.state, 'claimed'),
          isNull(reservations.reversedAt),
        ),
      )
      .returning({ id: reservations.id });
    const reservation = await readReservation(tx, storeId, id);
    if (!reservation) throw notFound();
    if (reservation.state !== 'claimed') throw ended(reservation);
    if (marked.length === 0) return { reservation, levels: [] };
    return { reservation, levels: await settleLines(tx, storeId, reservation, EFFECTS.reverse) };
  });

/** Holds whose deadline has passed, oldest first, at most 100. */
export const listOverdue = (pg: Pg): Promise<{ storeId: string; id: string }[]> =>
  pg.query('reservations.overdue', (db) =>
    db
      .select({ storeId: reservations.storeId, id: reservations.id })
      .from(reservations)
      .where(and(eq(reservations.state, 'held'), sql`${reservations.expiresAt} < now()`))
      .orderBy(reservations.expiresAt)
      .limit(EXPIRED_BATCH_MAX),
  );

/** Ends a hold whose deadline has passed; undefined when somebody else ended it first. */
export const expireReservation = (
  pg: Pg,
  storeId: string,
  id: string,
): Promise<LedgerAnswer | undefined> =>
  pg.transaction('reservations.expire', (tx) =>
    endHold(tx, storeId, id, { state: 'expired', effect: EFFECTS.letGo }),
  );
