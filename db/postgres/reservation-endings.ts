// Endings of a reservation: claimed, released or expired by compare-and-set, exactly one of them.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { DEFAULT_LOCATION, type Reservation, type ReservationState } from '../../domain/stock.ts';
import type { StockLevel } from '../../domain/stock.ts';
import type { Pg, Tx } from './client.ts';
import {
  noReservation,
  readReservation,
  reservationEnded,
  type LedgerAnswer,
} from './reservations.ts';
import { announceFlips, applyDemand, balancesOf, EFFECTS } from './stock-rows.ts';
import { movements, reservations } from './schema/inventory.ts';

const EXPIRED_BATCH_MAX = 100;

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
  if (!reservation) throw noReservation();
  return { reservation, levels: await settleLines(tx, storeId, reservation, effect) };
};

/** Turns a hold into sold units. RESERVATION_ENDED when released or expired, NOT_FOUND. */
export const claimReservation = (pg: Pg, storeId: string, id: string): Promise<LedgerAnswer> =>
  pg.transaction('reservations.claim', async (tx) => {
    const now = await endHold(tx, storeId, id, { state: 'claimed', effect: EFFECTS.claim });
    if (now) return now;
    const present = await readReservation(tx, storeId, id);
    if (!present) throw noReservation();
    if (present.state !== 'claimed') throw reservationEnded(present);
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
    if (present?.state === 'claimed') throw reservationEnded(present);
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
    if (!reservation) throw noReservation();
    if (reservation.state !== 'claimed') throw reservationEnded(reservation);
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
