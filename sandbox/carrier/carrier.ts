// The carrier sandbox: books a parcel once per key, then ships and delivers it by the clock.
import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { createFaults, underFaults, type Connections } from '../faults.ts';
import { addColumn } from '../columns.ts';

interface Options {
  stateFolder: string;
  /** From booking to shipped, and from booking to delivered. */
  shipMs: number;
  deliverMs: number;
}

const bookingBody = z.strictObject({
  reference: z.string().min(1).max(100),
  to: z.record(z.string(), z.string()),
  parcels: z.number().int().min(1).max(100).default(1),
});

interface Row {
  id: string;
  key: string;
  reference: string;
  /** What was asked under the key; null for rows older than this column. */
  asked: string | null;
  bookedAtMs: number;
  canceled: number;
}

const openShipments = (folder: string) => {
  mkdirSync(folder, { recursive: true });
  const db = new Database(resolve(folder, 'carrier.sqlite'), { create: true });
  db.run('pragma journal_mode = wal');
  db.run(`create table if not exists shipments (id text primary key, key text unique,
    reference text, bookedAtMs integer, canceled integer default 0)`);
  addColumn(db, 'shipments', 'asked');
  return db;
};

export const createCarrierSandbox = ({ stateFolder, shipMs, deliverMs }: Options) => {
  const db = openShipments(stateFolder);
  const faults = createFaults();
  const byKey = db.query<Row, [string]>('select * from shipments where key = ?');
  const byId = db.query<Row, [string]>('select * from shipments where id = ?');
  const all = db.query<Row, []>('select * from shipments order by bookedAtMs');
  const insert = db.query(
    'insert into shipments (id, key, reference, asked, bookedAtMs) values (?, ?, ?, ?, ?)',
  );
  const cancel = db.query('update shipments set canceled = 1 where id = ?');

  const statusOf = (row: Row): string => {
    const age = Date.now() - row.bookedAtMs;
    if (row.canceled) return 'canceled';
    if (age >= deliverMs) return 'delivered';
    return age >= shipMs ? 'shipped' : 'booked';
  };
  const shown = (row: Row) => ({
    id: row.id,
    reference: row.reference,
    status: statusOf(row),
    trackingNumber: `HF${row.id.slice(4, 16).toUpperCase()}`,
    labelUrl: `/shipments/${row.id}/label`,
  });
  const book = async (request: Request): Promise<Response> => {
    const key = request.headers.get('idempotency-key');
    if (!key) return Response.json({ error: 'Idempotency-Key is missing' }, { status: 400 });
    const body = bookingBody.safeParse(await request.json().catch(() => undefined));
    if (!body.success) return Response.json({ error: body.error.issues }, { status: 400 });
    const asked = JSON.stringify(body.data);
    const present = byKey.get(key);
    if (present && present.asked !== null && present.asked !== asked) {
      return Response.json({ error: 'the key was used for another parcel' }, { status: 422 });
    }
    if (present) return Response.json(shown(present), { status: 200 });
    const id = `shp_${crypto.randomUUID().replaceAll('-', '')}`;
    insert.run(id, key, body.data.reference, asked, Date.now());
    return Response.json(shown(byKey.get(key) as Row), { status: 201 });
  };
  const one = (id: string, verb: string | undefined): Response => {
    const row = byId.get(id);
    if (!row) return Response.json({ error: 'no such shipment' }, { status: 404 });
    if (verb !== 'cancel') return Response.json(shown(row));
    const status = statusOf(row);
    if (status !== 'booked' && status !== 'canceled') {
      return Response.json({ error: `the shipment is ${status}` }, { status: 409 });
    }
    cancel.run(id);
    return Response.json(shown(byId.get(id) as Row));
  };
  const answer = async (request: Request, path: string): Promise<Response> => {
    if (request.method === 'POST' && path === '/shipments') return book(request);
    const match = /^\/shipments\/(shp_\w+)(?:\/(cancel))?$/.exec(path);
    return match ? one(match[1] ?? '', match[2]) : new Response('not found', { status: 404 });
  };
  const byFault = (status: number): Response =>
    Response.json({ error: `answered ${status} by a fault` }, { status });
  return {
    fetch: (request: Request, connections?: Connections): Promise<Response> => {
      const path = new URL(request.url).pathname;
      if (path === '/_sandbox/shipments') {
        return Promise.resolve(Response.json({ shipments: all.all().map(shown) }));
      }
      const apply = async (as500: boolean): Promise<Response> => {
        const done = await answer(request, path);
        return as500 ? byFault(500) : done;
      };
      return faults.answer(request) ?? underFaults(faults, request, apply, byFault, connections);
    },
    close: () => db.close(),
  };
};
