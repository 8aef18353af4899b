// Reservations in the ledger: held all-or-nothing, once per id, from the fewest locations.
import { sql } from 'drizzle-orm';
import { allocate } from '../../../domain/allocation.ts';
import type { Taking } from '../../../domain/stock.ts';
import { DomainError } from '../../../domain/errors.ts';
import { demandOf } from '../../../domain/order.ts';
import type { Demand, Reservation, ReservationState, StockLevel } from '../../../domain/stock.ts';
import { prepared, type Db, type Pg, type Tx } from '../client.ts';
import { holdFast, type Hold, type LedgerAnswer } from './fast-path.ts';
import { changeBalances, EFFECTS, levelsOf, lockBalances, readBalances } from './balances.ts';
import { shareEpoch } from './epoch.ts';

export const noReservation = (): DomainError => new DomainError('NOT_FOUND', 'no such reservation');

/** The refusal for a caller that needs the reservation to be held. */
export const reservationEnded = (present: Reservation): DomainError =>
  new DomainError('RESERVATION_ENDED', `the reservation is ${present.state}`, {
    facts: { state: present.state },
  });

type ReservationRow = {
  state: ReservationState;
  expires_at: Date;
  attention: string | null;
  attention_at: Date | null;
  sku: string | null;
  location: string;
  quantity: number;
  missing: number;
};

const isoOf = (at: Date | string): string => new Date(at).toISOString();

const reservationOf = (id: string, rows: ReservationRow[]): Reservation | undefined => {
  const [first] = rows;
  if (!first) return undefined;
  const lines = rows.flatMap((row) => (row.sku === null ? [] : [{ ...row, sku: row.sku }]));
  const takings: Taking[] = lines
    .filter((line) => line.quantity > 0)
    .map(({ sku, location, quantity }) => ({ sku, location, quantity }));
  const demanded = lines.map(({ sku, quantity, missing }) => ({
    sku,
    quantity: quantity + missing,
  }));
  const incomplete = lines.filter((line) => line.missing > 0);
  return {
    id,
    state: first.state,
    lines: demandOf(demanded),
    takings,
    missing: demandOf(incomplete.map(({ sku, missing }) => ({ sku, quantity: missing }))),
    attention:
      first.attention !== null && first.attention_at !== null
        ? { reason: first.attention, since: isoOf(first.attention_at) }
        : undefined,
    expiresAt: isoOf(first.expires_at),
  };
};

export const readReservation = async (
  db: Db | Tx,
  storeId: string,
  id: string,
): Promise<Reservation | undefined> => {
  const rows = await prepared<ReservationRow>(
    db,
    sql`select r.state, r.expires_at, r.attention, r.attention_at,
        l.sku, l.location, l.quantity, l.missing
      from inventory.reservations r
      left join inventory.reservation_lines l
        on l.store_id = r.store_id and l.reservation_id = r.id
      where r.store_id = ${storeId} and r.id = ${id} order by l.sku, l.location`,
  );
  return reservationOf(id, rows);
};

/** Throws NOT_FOUND, also for another store's reservation. */
export const reservationById = (pg: Pg, storeId: string, id: string): Promise<Reservation> =>
  pg.query('reservations.byId', async (db) => {
    const reservation = await readReservation(db, storeId, id);
    if (!reservation) throw noReservation();
    return reservation;
  });

const assertSameLines = (present: Reservation, demand: Demand[]): void => {
  if (JSON.stringify(present.lines) === JSON.stringify(demand)) return;
  throw new DomainError('RESERVATION_REUSED', 'this reservation id was used with other lines');
};

/** The ledger's answer to a hold: held (now or before), or the levels that are too low. */
export type HoldAnswer =
  | ({ outcome: 'held' } & LedgerAnswer)
  | { outcome: 'short'; levels: StockLevel[]; epoch: number };

export const rebuilding = (): DomainError =>
  new DomainError('REBUILDING', 'stock counts are being rebuilt', { retryAfterSeconds: 1 });

/**
 * The epoch, and the deadline when this id is new. Throws REBUILDING when the epoch has moved on.
 */
const openHold = async (
  tx: Tx,
  { storeId, id, expiresInMs, epoch }: Hold,
): Promise<{ epoch: number; expiresAt: string | undefined }> => {
  const [row] = await prepared<{ epoch: number; expires_at: Date | null }>(
    tx,
    sql`with e as materialized (select inventory.share_epoch() as epoch),
      r as (
        insert into inventory.reservations (store_id, id, state, expires_at)
        select ${storeId}, ${id}, 'held',
          now() + make_interval(secs => ${expiresInMs / 1000}::float8)
        from e on conflict do nothing returning expires_at
      )
      select e.epoch, r.expires_at from e left join r on true`,
  );
  if (!row) throw new Error('the ledger has no epoch');
  if (epoch !== undefined && row.epoch !== epoch) throw rebuilding();
  return {
    epoch: row.epoch,
    expiresAt: row.expires_at === null ? undefined : isoOf(row.expires_at),
  };
};

const repeated = async (tx: Tx, hold: Hold, epoch: number): Promise<HoldAnswer> => {
  const { storeId, id, demand } = hold;
  const reservation = await readReservation(tx, storeId, id);
  if (!reservation) throw noReservation();
  assertSameLines(reservation, demand);
  const skus = demand.map((line) => line.sku);
  const levels = levelsOf(skus, await readBalances(tx, storeId, skus));
  return { outcome: 'held', reservation, levels, epoch };
};

/**
 * The general path: allocates over several locations, publishes sold-out skus, answers repeated
 * calls.
 */
const decideHold = (pg: Pg, hold: Hold): Promise<HoldAnswer> =>
  pg.transaction('reservations.hold', async (tx) => {
    const { storeId, id, demand } = hold;
    const { epoch, expiresAt } = await openHold(tx, hold);
    if (expiresAt === undefined) return repeated(tx, hold, epoch);
    const skus = demand.map((line) => line.sku);
    const locked = await lockBalances(tx, storeId, skus);
    const takings = allocate(demand, locked);
    if (!takings) {
      await tx.execute(
        sql`delete from inventory.reservations where store_id = ${storeId} and id = ${id}`,
      );
      return { outcome: 'short', levels: levelsOf(skus, locked), epoch };
    }
    const change = { storeId, locked, takings, effect: EFFECTS.hold, holder: id };
    const levels = await changeBalances(tx, change);
    const reservation: Reservation = {
      id,
      state: 'held',
      lines: demand,
      takings,
      missing: [],
      attention: undefined,
      expiresAt,
    };
    return { outcome: 'held', reservation, levels, epoch };
  });

/**
 * Holds all lines or none, once per id: a repeated id gets its first answer. Throws
 * RESERVATION_REUSED, REBUILDING.
 */
export const holdStock = async (pg: Pg, hold: Hold): Promise<HoldAnswer> => {
  const held = await holdFast(pg, hold);
  return held ? { outcome: 'held', ...held } : decideHold(pg, hold);
};

/** Extends a hold's deadline, never shortens it. Throws RESERVATION_ENDED, NOT_FOUND. */
export const extendReservation = (
  pg: Pg,
  storeId: string,
  id: string,
  expiresInMs: number,
): Promise<Reservation> =>
  pg.transaction('reservations.extend', async (tx) => {
    await shareEpoch(tx);
    await prepared(
      tx,
      sql`update inventory.reservations
        set expires_at = greatest(expires_at,
          now() + make_interval(secs => ${expiresInMs / 1000}::float8))
        where store_id = ${storeId} and id = ${id} and state = 'held'`,
    );
    const present = await readReservation(tx, storeId, id);
    if (!present) throw noReservation();
    if (present.state !== 'held') throw reservationEnded(present);
    return present;
  });
