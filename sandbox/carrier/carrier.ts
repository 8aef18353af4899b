// The carrier sandbox: books one parcel per key, then ships and delivers it by the clock, unless
// its postal code or a control call sets another outcome; sends its events by itself.
import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { createFaults, underFaults, type Connections } from '../faults.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';
import {
  bookingBody,
  openBook,
  outcomeBody,
  statusOf,
  type Book,
  type Pace,
  type Row,
} from './shipments.ts';
import { createWebhooks, webhooksBody, type Webhooks } from './webhooks.ts';

/** How often the clock's changes of shipments are announced, in ms. */
const ANNOUNCE_EVERY_MS = 50;

interface Options extends Pace {
  stateFolder: string;
  webhookUrl: string;
  webhookSecret: string;
}

const openDatabase = (folder: string): Database => {
  mkdirSync(folder, { recursive: true });
  const db = new Database(resolve(folder, 'carrier.sqlite'), { create: true });
  db.run('pragma journal_mode = wal');
  return db;
};

const shown = (row: Row, pace: Pace) => ({
  id: row.id,
  reference: row.reference,
  status: statusOf(row, pace),
  trackingNumber: `HF${row.id.slice(4, 16).toUpperCase()}`,
  labelUrl: `/shipments/${row.id}/label`,
});

const book = async (shelf: Book, pace: Pace, request: Request): Promise<Response> => {
  const key = request.headers.get(IDEMPOTENCY_KEY_HEADER);
  if (!key) return Response.json({ error: 'Idempotency-Key is missing' }, { status: 400 });
  const body = bookingBody.safeParse(await request.json().catch(() => undefined));
  if (!body.success) return Response.json({ error: body.error.issues }, { status: 400 });
  const booking = JSON.stringify(body.data);
  const present = shelf.byKey(key);
  if (present && present.asked !== null && present.asked !== booking) {
    return Response.json({ error: 'the key was used for another parcel' }, { status: 422 });
  }
  if (present) return Response.json(shown(present, pace), { status: 200 });
  if (shelf.isBlocked(key)) {
    return Response.json({ error: 'the key was voided' }, { status: 422 });
  }
  const made = shelf.insert(key, body.data);
  return Response.json(shown(made, pace), { status: 201 });
};

/** Nothing is booked under the key from now on; what had not left yet is canceled. */
const voidKey = (shelf: Book, pace: Pace, request: Request): Response => {
  const key = request.headers.get(IDEMPOTENCY_KEY_HEADER);
  if (!key) return Response.json({ error: 'Idempotency-Key is missing' }, { status: 400 });
  shelf.block(key);
  const present = shelf.byKey(key);
  if (!present) return Response.json({ booked: null });
  const row = statusOf(present, pace) === 'booked' ? shelf.cancel(present.id) : present;
  return Response.json({ booked: shown(row, pace) });
};

/** The parcel's label as text. */
const label = (row: Row): Response => {
  const { to = {} } = JSON.parse(row.asked ?? '{}') as { to?: Record<string, string> };
  return new Response([row.reference, ...Object.values(to), ''].join('\n'));
};

const one = (shelf: Book, pace: Pace, id: string, verb: string | undefined): Response => {
  const row = shelf.byId(id);
  if (!row) return Response.json({ error: 'no such shipment' }, { status: 404 });
  if (verb === 'label') return label(row);
  if (verb !== 'intercept') return Response.json(shown(row, pace));
  const status = statusOf(row, pace);
  if (status !== 'shipped') {
    return Response.json({ error: `the shipment is ${status}` }, { status: 409 });
  }
  return Response.json(shown(shelf.decide(id, 'returned'), pace));
};

const OUTCOME = /^\/_sandbox\/shipments\/(shp_\w+)\/outcome$/;

/** Sets the outcome of a parcel that is not delivered yet. */
const decide = async (shelf: Book, pace: Pace, request: Request, id: string): Promise<Response> => {
  const body = outcomeBody.safeParse(await request.json().catch(() => undefined));
  if (!body.success) return Response.json({ error: body.error.issues }, { status: 400 });
  if (shelf.byId(id)) shelf.decide(id, body.data.outcome);
  return one(shelf, pace, id, undefined);
};

/** How the events are sent, as the card sandbox's control of the same name. */
const orderWebhooks = async (webhooks: Webhooks, request: Request): Promise<Response> => {
  if (request.method === 'GET') return Response.json(webhooks.state());
  const body = webhooksBody.safeParse(await request.json().catch(() => undefined));
  if (!body.success) return Response.json({ error: body.error.issues }, { status: 400 });
  const order = body.data;
  if (order.action === 'send') webhooks.announce(order.type, order.data);
  else if (order.action !== 'resend') webhooks.behave(order);
  else if (!webhooks.resend(order.eventId, order.times)) {
    return Response.json({ error: 'no such event' }, { status: 404 });
  }
  return Response.json(webhooks.state());
};

const byFault = (status: number): Response =>
  Response.json({ error: `answered ${status} by a fault` }, { status });

/** The carrier's API and its controls over one database. */
const createApi = (shelf: Book, webhooks: Webhooks, pace: Pace) => {
  const faults = createFaults();
  const answer = async (request: Request, path: string): Promise<Response> => {
    if (request.method === 'POST' && path === '/shipments') return book(shelf, pace, request);
    if (request.method === 'POST' && path === '/shipments/void') {
      return voidKey(shelf, pace, request);
    }
    const match = /^\/shipments\/(shp_\w+)(?:\/(intercept|label))?$/.exec(path);
    if (!match) return new Response('not found', { status: 404 });
    return one(shelf, pace, match[1] ?? '', match[2]);
  };
  return async (request: Request, connections?: Connections): Promise<Response> => {
    const path = new URL(request.url).pathname;
    if (path === '/_sandbox/webhooks') return orderWebhooks(webhooks, request);
    if (path === '/_sandbox/shipments') {
      return Response.json({ shipments: shelf.all().map((row) => shown(row, pace)) });
    }
    const decided = OUTCOME.exec(path)?.[1];
    if (decided) return decide(shelf, pace, request, decided);
    const apply = async (as500: boolean): Promise<Response> => {
      const done = await answer(request, path);
      return as500 ? byFault(500) : done;
    };
    const controlled = faults.answer(request);
    if (controlled) return controlled;
    const faulty = { request, body: await request.clone().text() };
    return underFaults(faults, faulty, apply, byFault, connections);
  };
};

export const createCarrierSandbox = (options: Options) => {
  const db = openDatabase(options.stateFolder);
  const webhooks = createWebhooks(db, options);
  const shelf = openBook(db, options, (change) => webhooks.announce('shipment.updated', change));
  const announcing = setInterval(shelf.announceDue, ANNOUNCE_EVERY_MS);
  return {
    fetch: createApi(shelf, webhooks, options),
    close: (): void => {
      clearInterval(announcing);
      webhooks.close();
      db.close();
    },
  };
};
