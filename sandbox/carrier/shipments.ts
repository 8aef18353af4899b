// The carrier's shipments: one per key, their status by the clock, each change announced once.
import type { Database } from 'bun:sqlite';
import { z } from 'zod';
import { addColumn } from '../columns.ts';

/** Shipments whose changes are announced in one transaction. */
const DUE_MAX = 500;

export interface Pace {
  /** Milliseconds from booking to shipped, and from booking to delivered. */
  shipMs: number;
  deliverMs: number;
}

export const bookingBody = z.strictObject({
  reference: z.string().min(1).max(100),
  to: z.record(z.string(), z.string()),
  parcels: z.number().int().min(1).max(100).default(1),
});
type Booking = z.output<typeof bookingBody>;

/** `booked` is not handed over, and `shipped` stays on its way, until another outcome is set. */
const outcome = z.enum(['lost', 'returned', 'booked', 'shipped', 'delivered']);
export const outcomeBody = z.strictObject({ outcome });
type Outcome = z.output<typeof outcome>;

/** Outcomes other than delivery by postal code, as test cards have theirs by name. */
const OUTCOMES: Record<string, Outcome> = {
  'LOST 00': 'lost',
  'BACK 00': 'returned',
  'SLOW 00': 'shipped',
  'KEPT 00': 'booked',
};

type Status = Outcome | 'canceled';

export interface Row {
  id: string;
  key: string;
  reference: string;
  /** The booking's body; null for rows older than this column. */
  asked: string | null;
  bookedAtMs: number;
  canceled: number;
  outcome: Outcome | null;
  /** The status that was announced last; null until the first change. */
  announced: Status | null;
}

/** A change of a shipment's status. */
export interface Change {
  shipmentId: string;
  reference: string;
  status: Status;
}

/** A shipment's status follows from the clock. */
export const statusOf = (row: Row, { shipMs, deliverMs }: Pace): Status => {
  const age = Date.now() - row.bookedAtMs;
  if (row.canceled) return 'canceled';
  if (row.outcome === 'booked') return 'booked';
  if (age >= deliverMs) return row.outcome ?? 'delivered';
  return age >= shipMs ? 'shipped' : 'booked';
};

/** The statuses since the last announced one: what has arrived was shipped before. */
const unannounced = ({ announced }: Row, status: Status): Status[] => {
  if (status === 'booked' || status === announced) return [];
  const hasSkipped = announced === null && status !== 'shipped' && status !== 'canceled';
  return hasSkipped ? ['shipped', status] : [status];
};

const createTables = (db: Database): void => {
  db.run(`create table if not exists shipments (id text primary key, key text unique,
    reference text, bookedAtMs integer, canceled integer default 0)`);
  db.run('create table if not exists voided (key text primary key)');
  addColumn(db, 'shipments', 'asked');
  addColumn(db, 'shipments', 'outcome');
  addColumn(db, 'shipments', 'announced');
  db.run(`create index if not exists shipments_not_left on shipments (bookedAtMs)
    where announced is null and outcome is not 'booked'`);
  db.run(`create index if not exists shipments_on_their_way on shipments (bookedAtMs)
    where announced = 'shipped' and outcome is not 'shipped'`);
};

/** Announces the changes that the clock has made since the last call, and those of one shipment. */
const createAnnouncer = (db: Database, pace: Pace, announce: (change: Change) => void) => {
  const mark = db.query('update shipments set announced = ? where id = ?');
  const listNotLeft = db.query<Row, [number, number]>(`select * from shipments
    where announced is null and outcome is not 'booked' and bookedAtMs <= ?
    order by bookedAtMs limit ?`);
  const listOnTheirWay = db.query<Row, [number, number]>(`select * from shipments
    where announced = 'shipped' and outcome is not 'shipped' and bookedAtMs <= ?
    order by bookedAtMs limit ?`);
  const announceOne = (row: Row): void => {
    const status = statusOf(row, pace);
    for (const one of unannounced(row, status)) {
      announce({ shipmentId: row.id, reference: row.reference, status: one });
    }
    if (status !== 'booked') mark.run(status, row.id);
  };
  return {
    announceOne,
    announceDue: db.transaction((): void => {
      const nowMs = Date.now();
      listNotLeft.all(nowMs - pace.shipMs, DUE_MAX).forEach(announceOne);
      listOnTheirWay.all(nowMs - pace.deliverMs, DUE_MAX).forEach(announceOne);
    }),
  };
};

/** A change and its announcement are one transaction. */
export const openBook = (db: Database, pace: Pace, announce: (change: Change) => void) => {
  createTables(db);
  const insert = db.query(`insert into shipments (id, key, reference, asked, outcome, bookedAtMs)
    values (?, ?, ?, ?, ?, ?)`);
  const block = db.query('insert or ignore into voided (key) values (?)');
  const isBlocked = db.query<{ key: string }, [string]>('select key from voided where key = ?');
  const decide = db.query('update shipments set outcome = ? where id = ?');
  const cancel = db.query('update shipments set canceled = 1 where id = ?');
  const byKey = db.query<Row, [string]>('select * from shipments where key = ?');
  const byId = db.query<Row, [string]>('select * from shipments where id = ?');
  const all = db.query<Row, []>('select * from shipments order by bookedAtMs');
  const { announceOne, announceDue } = createAnnouncer(db, pace, announce);
  const changed = db.transaction((id: string, change: () => void): Row => {
    change();
    announceOne(byId.get(id) as Row);
    return byId.get(id) as Row;
  });
  return {
    byKey: (key: string) => byKey.get(key),
    byId: (id: string) => byId.get(id),
    all: () => all.all(),
    insert: (key: string, booking: Booking): Row => {
      const id = `shp_${crypto.randomUUID().replaceAll('-', '')}`;
      const outcome = OUTCOMES[booking.to['postalCode'] ?? ''] ?? null;
      insert.run(id, key, booking.reference, JSON.stringify(booking), outcome, Date.now());
      return byId.get(id) as Row;
    },
    block: (key: string) => void block.run(key),
    isBlocked: (key: string) => isBlocked.get(key) !== null,
    decide: (id: string, outcome: Outcome): Row => changed(id, () => decide.run(outcome, id)),
    cancel: (id: string): Row => changed(id, () => cancel.run(id)),
    announceDue,
  };
};
export type Book = ReturnType<typeof openBook>;
