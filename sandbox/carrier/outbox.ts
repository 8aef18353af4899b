// The carrier's outbox in SQLite: what is still to be delivered, and past events for a resend.
import type { Database } from 'bun:sqlite';

const EVENTS_KEPT = 10_000;
/** Deliveries that wait; the oldest ones give way to new ones. */
const DELIVERIES_MAX = 10_000;
/** A delivery that was taken is due again after this time, in ms: longer than a call may take. */
const TAKEN_MS = 10_000;

export interface Delivery {
  id: number;
  eventId: string;
  body: string;
  /** How often it was sent, this time included. */
  tries: number;
}

const createTables = (db: Database): void => {
  db.run(`create table if not exists events (sequence integer primary key autoincrement,
    id text unique, body text)`);
  // Without a time it is held.
  db.run(`create table if not exists deliveries (id integer primary key autoincrement,
    eventId text, body text, tries integer default 0, dueAtMs integer)`);
  db.run('create index if not exists deliveries_due on deliveries (dueAtMs)');
};

const queriesOf = (db: Database) => ({
  putEvent: db.query('insert into events (id, body) values (?, ?)'),
  trimEvents: db.query(
    'delete from events where sequence <= (select max(sequence) from events) - ?',
  ),
  bodyOf: db.query<{ body: string }, [string]>('select body from events where id = ?'),
  put: db.query('insert into deliveries (eventId, body, dueAtMs) values (?, ?, ?)'),
  trim: db.query('delete from deliveries where id <= (select max(id) from deliveries) - ?'),
  due: db.query<Delivery, [number, number]>(`select id, eventId, body, tries from deliveries
    where dueAtMs <= ? order by dueAtMs, id limit ?`),
  take: db.query('update deliveries set tries = tries + 1, dueAtMs = ? where id = ?'),
  held: db.query<{ id: number }, []>('select id from deliveries where dueAtMs is null order by id'),
  putOff: db.query('update deliveries set dueAtMs = ? where id = ?'),
  remove: db.query('delete from deliveries where id = ?'),
  retryAll: db.query('update deliveries set dueAtMs = min(dueAtMs, ?) where tries > 0'),
  next: db.query<{ atMs: number | null }, []>('select min(dueAtMs) as atMs from deliveries'),
  counts: db.query<{ held: number; unsent: number }, []>(`select
    count(*) filter (where dueAtMs is null) as held,
    count(dueAtMs) as unsent from deliveries`),
});

/** Opens the outbox; what an earlier process had sent without an answer is due at once. */
export const openOutbox = (
  db: Database,
  { eventsKept = EVENTS_KEPT, deliveriesMax = DELIVERIES_MAX } = {},
) => {
  createTables(db);
  const queries = queriesOf(db);
  queries.retryAll.run(Date.now());
  return {
    putEvent: (id: string, body: string): void => {
      queries.putEvent.run(id, body);
      queries.trimEvents.run(eventsKept);
    },
    bodyOf: (id: string): string | undefined => queries.bodyOf.get(id)?.body,
    /** Adds a delivery; without a time it is held until `release`. */
    put: (eventId: string, body: string, dueAtMs: number | undefined): void => {
      queries.put.run(eventId, body, dueAtMs ?? null);
      queries.trim.run(deliveriesMax);
    },
    /** The deliveries that are due, at most so many; the caller sends and settles each. */
    take: db.transaction((most: number): Delivery[] => {
      const nowMs = Date.now();
      return queries.due.all(nowMs, most).map((one) => {
        queries.take.run(nowMs + TAKEN_MS, one.id);
        return { ...one, tries: one.tries + 1 };
      });
    }),
    putOff: (id: number, untilMs: number): void => void queries.putOff.run(untilMs, id),
    remove: (id: number): void => void queries.remove.run(id),
    /** Makes the held ones due one after the other, from now on. */
    release: db.transaction((order: 'oldest first' | 'newest first', pauseMs: number): void => {
      const nowMs = Date.now();
      const held = queries.held.all();
      const ordered = order === 'newest first' ? held.toReversed() : held;
      for (const [at, { id }] of ordered.entries()) queries.putOff.run(nowMs + at * pauseMs, id);
    }),
    /** When the next delivery is due, in ms since 1970; undefined while none is. */
    nextAtMs: (): number | undefined => queries.next.get()?.atMs ?? undefined,
    counts: () => queries.counts.get() ?? { held: 0, unsent: 0 },
  };
};
