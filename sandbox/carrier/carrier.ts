// The carrier sandbox: books one parcel per key, then ships and delivers it by the clock, unless
// its postal code or a control call sets another outcome.
import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { createFaults, underFaults, type Connections } from '../faults.ts';
import { addColumn } from '../columns.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

interface Options {
  stateFolder: string;
  /** Milliseconds from booking to shipped, and from booking to delivered. */
  shipMs: number;
  deliverMs: number;
}

const bookingBody = z.strictObject({
  reference: z.string().min(1).max(100),
  to: z.record(z.string(), z.string()),
  parcels: z.number().int().min(1).max(100).default(1),
});

/** Outcomes other than delivery by postal code, as test cards have theirs by name. */
const OUTCOMES: Record<string, Outcome> = {
  'LOST 00': 'lost',
  'BACK 00': 'returned',
  'SLOW 00': 'shipped',
};
/** `shipped` stays on its way until another outcome is set. */
const outcome = z.enum(['lost', 'returned', 'shipped', 'delivered']);
type Outcome = z.output<typeof outcome>;

const outcomeBody = z.strictObject({ outcome });

interface Row {
  id: string;
  key: string;
  reference: string;
  /** The booking's body; null for rows older than this column. */
  asked: string | null;
  bookedAtMs: number;
  canceled: number;
  outcome: Outcome | null;
}

const openShipments = (folder: string) => {
  mkdirSync(folder, { recursive: true });
  const db = new Database(resolve(folder, 'carrier.sqlite'), { create: true });
  db.run('pragma journal_mode = wal');
  db.run(`create table if not exists shipments (id text primary key, key text unique,
    reference text, bookedAtMs integer, canceled integer default 0)`);
  db.run('create table if not exists voided (key text primary key)');
  addColumn(db, 'shipments', 'asked');
  addColumn(db, 'shipments', 'outcome');
  return db;
};

const openBook = (folder: string) => {
  const db = openShipments(folder);
  const insert = db.query(`insert into shipments (id, key, reference, asked, outcome, bookedAtMs)
    values (?, ?, ?, ?, ?, ?)`);
  const block = db.query('insert or ignore into voided (key) values (?)');
  const isBlocked = db.query<{ key: string }, [string]>('select key from voided where key = ?');
  const decide = db.query('update shipments set outcome = ? where id = ?');
  const cancel = db.query('update shipments set canceled = 1 where id = ?');
  const byKey = db.query<Row, [string]>('select * from shipments where key = ?');
  const byId = db.query<Row, [string]>('select * from shipments where id = ?');
  const all = db.query<Row, []>('select * from shipments order by bookedAtMs');
  return {
    byKey: (key: string) => byKey.get(key),
    byId: (id: string) => byId.get(id),
    all: () => all.all(),
    insert: (key: string, booking: z.output<typeof bookingBody>): Row => {
      const id = `shp_${crypto.randomUUID().replaceAll('-', '')}`;
      const outcome = OUTCOMES[booking.to['postalCode'] ?? ''] ?? null;
      insert.run(id, key, booking.reference, JSON.stringify(booking), outcome, Date.now());
      return byId.get(id) as Row;
    },
    block: (key: string) => void block.run(key),
    isBlocked: (key: string) => isBlocked.get(key) !== null,
    decide: (id: string, outcome: Outcome) => void decide.run(outcome, id),
    cancel: (id: string): Row => {
      cancel.run(id);
      return byId.get(id) as Row;
    },
    close: () => db.close(),
  };
};
type Book = ReturnType<typeof openBook>;

/** A shipment's status follows from the clock. */
const statusOf = (row: Row, { shipMs, deliverMs }: Options): string => {
  const age = Date.now() - row.bookedAtMs;
  if (row.canceled) return 'canceled';
  if (age >= deliverMs) return row.outcome ?? 'delivered';
  return age >= shipMs ? 'shipped' : 'booked';
};

const shown = (row: Row, options: Options) => ({
  id: row.id,
  reference: row.reference,
  status: statusOf(row, options),
  trackingNumber: `HF${row.id.slice(4, 16).toUpperCase()}`,
  labelUrl: `/shipments/${row.id}/label`,
});

const book = async (shelf: Book, options: Options, request: Request): Promise<Response> => {
  const key = request.headers.get(IDEMPOTENCY_KEY_HEADER);
  if (!key) return Response.json({ error: 'Idempotency-Key is missing' }, { status: 400 });
  const body = bookingBody.safeParse(await request.json().catch(() => undefined));
  if (!body.success) return Response.json({ error: body.error.issues }, { status: 400 });
  const booking = JSON.stringify(body.data);
  const present = shelf.byKey(key);
  if (present && present.asked !== null && present.asked !== booking) {
    return Response.json({ error: 'the key was used for another parcel' }, { status: 422 });
  }
  if (present) return Response.json(shown(present, options), { status: 200 });
  if (shelf.isBlocked(key)) {
    return Response.json({ error: 'the key was voided' }, { status: 422 });
  }
  const made = shelf.insert(key, body.data);
  return Response.json(shown(made, options), { status: 201 });
};

/** Nothing is booked under the key from now on; what had not left yet is canceled. */
const voidKey = (shelf: Book, options: Options, request: Request): Response => {
  const key = request.headers.get(IDEMPOTENCY_KEY_HEADER);
  if (!key) return Response.json({ error: 'Idempotency-Key is missing' }, { status: 400 });
  shelf.block(key);
  const present = shelf.byKey(key);
  if (!present) return Response.json({ booked: null });
  const row = statusOf(present, options) === 'booked' ? shelf.cancel(present.id) : present;
  return Response.json({ booked: shown(row, options) });
};

/** The parcel's label as text. */
const label = (row: Row): Response => {
  const { to = {} } = JSON.parse(row.asked ?? '{}') as { to?: Record<string, string> };
  return new Response([row.reference, ...Object.values(to), ''].join('\n'));
};

const one = (shelf: Book, options: Options, id: string, verb: string | undefined): Response => {
  const row = shelf.byId(id);
  if (!row) return Response.json({ error: 'no such shipment' }, { status: 404 });
  if (verb === 'label') return label(row);
  if (verb !== 'intercept') return Response.json(shown(row, options));
  const status = statusOf(row, options);
  if (status !== 'shipped') {
    return Response.json({ error: `the shipment is ${status}` }, { status: 409 });
  }
  shelf.decide(id, 'returned');
  return Response.json(shown(shelf.byId(id) ?? row, options));
};

const OUTCOME = /^\/_sandbox\/shipments\/(shp_\w+)\/outcome$/;

/** Sets the outcome of a parcel that is not delivered yet. */
const decide = async (
  shelf: Book,
  options: Options,
  request: Request,
  id: string,
): Promise<Response> => {
  const body = outcomeBody.safeParse(await request.json().catch(() => undefined));
  if (!body.success) return Response.json({ error: body.error.issues }, { status: 400 });
  if (shelf.byId(id)) shelf.decide(id, body.data.outcome);
  return one(shelf, options, id, undefined);
};

const byFault = (status: number): Response =>
  Response.json({ error: `answered ${status} by a fault` }, { status });

export const createCarrierSandbox = (options: Options) => {
  const shelf = openBook(options.stateFolder);
  const faults = createFaults();
  const answer = async (request: Request, path: string): Promise<Response> => {
    if (request.method === 'POST' && path === '/shipments') return book(shelf, options, request);
    if (request.method === 'POST' && path === '/shipments/void') {
      return voidKey(shelf, options, request);
    }
    const match = /^\/shipments\/(shp_\w+)(?:\/(intercept|label))?$/.exec(path);
    if (!match) return new Response('not found', { status: 404 });
    return one(shelf, options, match[1] ?? '', match[2]);
  };
  return {
    fetch: async (request: Request, connections?: Connections): Promise<Response> => {
      const path = new URL(request.url).pathname;
      if (path === '/_sandbox/shipments') {
        const shipments = shelf.all().map((row) => shown(row, options));
        return Response.json({ shipments });
      }
      const decided = OUTCOME.exec(path)?.[1];
      if (decided) return decide(shelf, options, request, decided);
      const apply = async (as500: boolean): Promise<Response> => {
        const done = await answer(request, path);
        return as500 ? byFault(500) : done;
      };
      const controlled = faults.answer(request);
      if (controlled) return controlled;
      const faulty = { request, body: await request.clone().text() };
      return underFaults(faults, faulty, apply, byFault, connections);
    },
    close: () => shelf.close(),
  };
};
