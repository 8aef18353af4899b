// Ends a reservation as claimed, released or expired, exactly once by compare-and-set.
import { sql } from 'drizzle-orm';
import { allocate } from '../../../domain/allocation.ts';
import { DomainError } from '../../../domain/errors.ts';
import type { Reservation, ReservationState } from '../../../domain/stock.ts';
import { prepared, type Pg, type Tx } from '../client.ts';
import { endFast, type LedgerAnswer } from './fast-path.ts';
import { changeBalances, EFFECTS, levelsOf, lockBalances } from './balances.ts';
import { shareEpoch } from './epoch.ts';
import { noReservation, readReservation, reservationEnded } from './reservations.ts';

const EXPIRED_BATCH_MAX = 100;

/** Takes replacements for units lost while held from any location. Throws OUT_OF_STOCK. */
const replaceMissing = async (
  tx: Tx,
  storeId: string,
  reservation: Reservation,
): Promise<Reservation> => {
  const { id, missing } = reservation;
  if (missing.length === 0) return reservation;
  const skus = reservation.lines.map((line) => line.sku);
  const locked = await lockBalances(tx, storeId, skus);
  const takings = allocate(missing, locked);
  if (!takings) {
    throw new DomainError('OUT_OF_STOCK', 'units of this hold were lost and none are left', {
      facts: { stock: levelsOf(skus, locked) },
    });
  }
  await changeBalances(tx, { storeId, locked, takings, effect: EFFECTS.hold, holder: id });
  await tx.execute(sql`
    with replaced as (
      update inventory.reservation_lines set missing = 0
      where store_id = ${storeId} and reservation_id = ${id} and missing > 0)
    update inventory.reservations set attention = null, attention_at = null
    where store_id = ${storeId} and id = ${id}`);
  return (await readReservation(tx, storeId, id)) ?? reservation;
};

interface Ending {
  state: Exclude<ReservationState, 'held'>;
  effect: (typeof EFFECTS)['claim' | 'letGo'];
}

/** Ends a hold by compare-and-set; undefined when it is not held. */
const endHold = async (
  tx: Tx,
  storeId: string,
  id: string,
  { state, effect }: Ending,
): Promise<LedgerAnswer | undefined> => {
  const epoch = await shareEpoch(tx);
  const ended = await prepared(
    tx,
    sql`update inventory.reservations set state = ${state}, ended_at = now()
      where store_id = ${storeId} and id = ${id} and state = 'held' returning id`,
  );
  if (ended.length === 0) return undefined;
  const present = await readReservation(tx, storeId, id);
  if (!present) throw noReservation();
  const isClaim = state === 'claimed';
  const reservation = isClaim ? await replaceMissing(tx, storeId, present) : present;
  const { takings } = reservation;
  const skus = takings.map((taking) => taking.sku);
  const locked = await lockBalances(tx, storeId, skus);
  const levels = await changeBalances(tx, {
    storeId,
    locked,
    takings,
    effect,
    ...(isClaim && { movement: { kind: 'claimed' as const, reference: id } }),
  });
  return { reservation, levels, epoch };
};

const unchanged = async (tx: Tx, reservation: Reservation): Promise<LedgerAnswer> => ({
  reservation,
  levels: [],
  epoch: await shareEpoch(tx),
});

/**
 * Turns a hold into sold units. Throws RESERVATION_ENDED, NOT_FOUND; OUT_OF_STOCK when units were
 * lost.
 */
export const claimReservation = async (
  pg: Pg,
  storeId: string,
  id: string,
): Promise<LedgerAnswer> =>
  (await endFast(pg, { storeId, id, state: 'claimed' })) ??
  pg.transaction('reservations.claim', async (tx) => {
    const now = await endHold(tx, storeId, id, { state: 'claimed', effect: EFFECTS.claim });
    if (now) return now;
    const present = await readReservation(tx, storeId, id);
    if (!present) throw noReservation();
    if (present.state !== 'claimed') throw reservationEnded(present);
    return unchanged(tx, present);
  });

/**
 * Releases a hold; a reservation that is not held stays unchanged. Throws RESERVATION_ENDED if
 * claimed.
 */
export const releaseReservation = async (
  pg: Pg,
  storeId: string,
  id: string,
): Promise<LedgerAnswer | undefined> =>
  (await endFast(pg, { storeId, id, state: 'released' })) ??
  pg.transaction('reservations.release', async (tx) => {
    const now = await endHold(tx, storeId, id, { state: 'released', effect: EFFECTS.letGo });
    if (now) return now;
    const present = await readReservation(tx, storeId, id);
    if (present?.state === 'claimed') throw reservationEnded(present);
    return present && unchanged(tx, present);
  });

/** Puts claimed units back on hand, once. Throws RESERVATION_ENDED when it was never claimed. */
export const reverseClaim = (pg: Pg, storeId: string, id: string): Promise<LedgerAnswer> =>
  pg.transaction('reservations.reverse', async (tx) => {
    const epoch = await shareEpoch(tx);
    const marked = await prepared(
      tx,
      sql`update inventory.reservations set reversed_at = now()
        where store_id = ${storeId} and id = ${id} and state = 'claimed'
          and reversed_at is null returning id`,
    );
    const reservation = await readReservation(tx, storeId, id);
    if (!reservation) throw noReservation();
    if (reservation.state !== 'claimed') throw reservationEnded(reservation);
    if (marked.length === 0) return { reservation, levels: [], epoch };
    const { takings } = reservation;
    const skus = takings.map((taking) => taking.sku);
    const locked = await lockBalances(tx, storeId, skus);
    const movement = { kind: 'reversed' as const, reference: id };
    const change = { storeId, locked, takings, effect: EFFECTS.reverse, movement };
    return { reservation, levels: await changeBalances(tx, change), epoch };
  });

/** Holds past their deadline, oldest first, at most 100. */
export const listOverdue = (pg: Pg): Promise<{ storeId: string; id: string }[]> =>
  pg.query('reservations.overdue', async (db) => {
    const rows = await prepared<{ store_id: string; id: string }>(
      db,
      sql`select store_id, id from inventory.reservations
        where state = 'held' and expires_at < now() order by expires_at
        limit ${EXPIRED_BATCH_MAX}`,
    );
    return rows.map((row) => ({ storeId: row.store_id, id: row.id }));
  });

/** Ends a hold past its deadline; undefined when it was ended or extended meanwhile. */
export const expireReservation = async (
  pg: Pg,
  storeId: string,
  id: string,
): Promise<LedgerAnswer | undefined> =>
  (await endFast(pg, { storeId, id, state: 'expired' })) ??
  pg.transaction('reservations.expire', async (tx) => {
    // The epoch is every transaction's first lock, which rules out a lock cycle.
    await shareEpoch(tx);
    const [due] = await tx.execute(sql`
      select 1 from inventory.reservations where store_id = ${storeId} and id = ${id}
        and state = 'held' and expires_at < now() for update skip locked`);
    if (!due) return undefined;
    return endHold(tx, storeId, id, { state: 'expired', effect: EFFECTS.letGo });
  });
