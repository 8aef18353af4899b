// The card sandbox's state on disk: objects, saved responses and events in one SQLite file.
import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Charge, Dispute, Intent, Refund } from './objects.ts';

type Kind = 'payment_intent' | 'charge' | 'refund' | 'dispute' | 'event';
interface Stored {
  id: string;
  created: number;
}

interface Row {
  seq: number;
  json: string;
}
/** Rows read per query while a list is walked. */
const ROWS = 200;

export interface SavedAnswer {
  hash: string;
  status: number;
  body: string;
  createdAtMs: number;
}

export interface Ledger {
  find<T extends Stored>(kind: Kind, id: string): T | undefined;
  /** Newest first, one by one, behind an object; or back towards it, oldest first. */
  newest<T extends Stored>(kind: Kind, beyond?: string): Iterable<T>;
  newerThan<T extends Stored>(kind: Kind, id: string): Iterable<T>;
  put<T extends Stored>(kind: Kind, object: T): void;
  findAnswer(key: string): SavedAnswer | undefined;
  saveAnswer(key: string, answer: SavedAnswer): void;
  forgetAnswers(olderThanMs: number): void;
  /** By how many milliseconds the sandbox's clock was advanced. */
  advancedMs(): number;
  advance(ms: number): void;
  /** Runs `work` atomically, also when the process is killed. */
  atomically<T>(work: () => T): T;
  snapshot(): { intents: Intent[]; charges: Charge[]; refunds: Refund[]; disputes: Dispute[] };
  close(): void;
}

/** Objects of a kind in creation order, read a few at a time. */
const walking = (db: Database) => {
  const all = <T>(kind: Kind): T[] =>
    db
      .query<{ json: string }, [string]>('select json from objects where kind = ? order by seq')
      .all(kind)
      .map((row) => JSON.parse(row.json) as T);
  const down = db.query<Row, [string, number]>(
    `select seq, json from objects where kind = ? and seq < ? order by seq desc limit ${ROWS}`,
  );
  const up = db.query<Row, [string, number]>(
    `select seq, json from objects where kind = ? and seq > ? order by seq limit ${ROWS}`,
  );
  const cursorOf = (id: string): number =>
    db.query<{ seq: number }, [string]>('select seq from objects where id = ?').get(id)?.seq ?? 0;
  function* walk<T>(pages: typeof down, kind: Kind, from: number): Generator<T> {
    let at = from;
    for (let rows = pages.all(kind, at); rows.length > 0; rows = pages.all(kind, at)) {
      for (const { json } of rows) yield JSON.parse(json) as T;
      at = rows.at(-1)?.seq ?? at;
    }
  }
  return {
    all,
    newest: <T>(kind: Kind, beyond?: string): Iterable<T> =>
      walk(down, kind, beyond === undefined ? Number.MAX_SAFE_INTEGER : cursorOf(beyond)),
    newerThan: <T>(kind: Kind, id: string): Iterable<T> => walk(up, kind, cursorOf(id)),
  };
};

export const openLedger = (folder: string): Ledger => {
  mkdirSync(folder, { recursive: true });
  const db = new Database(resolve(folder, 'stripe.sqlite'), { create: true });
  db.run('pragma journal_mode = wal');
  db.run('pragma synchronous = normal');
  db.run(`create table if not exists objects
    (seq integer primary key autoincrement, id text unique, kind text, json text)`);
  db.run(`create table if not exists answers
    (key text primary key, hash text, status integer, body text, createdAtMs integer)`);
  db.run('create table if not exists clock (id integer primary key, advancedMs integer)');
  db.run('insert or ignore into clock values (1, 0)');
  db.run('create index if not exists objects_kind on objects (kind, seq)');
  const find = db.query<{ json: string }, [string, string]>(
    'select json from objects where kind = ? and id = ?',
  );
  const { all, newest, newerThan } = walking(db);
  const put = db.query(`insert into objects (id, kind, json) values (?, ?, ?)
    on conflict (id) do update set json = excluded.json`);
  const findAnswer = db.query<SavedAnswer, [string]>('select * from answers where key = ?');
  const saveAnswer = db.query('insert or replace into answers values (?, ?, ?, ?, ?)');
  return {
    find: <T extends Stored>(kind: Kind, id: string) => {
      const row = find.get(kind, id);
      return row ? (JSON.parse(row.json) as T) : undefined;
    },
    newest,
    newerThan,
    put: (kind, object) => void put.run(object.id, kind, JSON.stringify(object)),
    findAnswer: (key) => findAnswer.get(key) ?? undefined,
    saveAnswer: (key, answer) =>
      void saveAnswer.run(key, answer.hash, answer.status, answer.body, answer.createdAtMs),
    forgetAnswers: (olderThanMs) =>
      void db.query('delete from answers where createdAtMs < ?').run(olderThanMs),
    advancedMs: () =>
      db.query<{ advancedMs: number }, []>('select advancedMs from clock').get()?.advancedMs ?? 0,
    advance: (ms) => void db.query('update clock set advancedMs = advancedMs + ?').run(ms),
    atomically: (work) => db.transaction(work)(),
    snapshot: () => ({
      intents: all('payment_intent'),
      charges: all('charge'),
      refunds: all('refund'),
      disputes: all('dispute'),
    }),
    close: () => db.close(),
  };
};
