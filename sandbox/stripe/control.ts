// The routes beside the API, for tests and judges: ledger, requests, clock, webhooks, 3-D Secure.
import { z } from 'zod';
import { forgetOldAnswers } from './answers.ts';
import type { Books } from './charges.ts';
import { decideDispute, openDispute } from './disputes.ts';
import type { Events } from './events.ts';
import type { Intents } from './intents.ts';
import { missing, StripeError, type Charge } from './objects.ts';
import { behaviourBody, type Webhooks } from './webhooks.ts';

const ADVANCE_MS_MAX = 365 * 24 * 3_600_000;
const COPIES_MAX = 100;

const clockBody = z.strictObject({ advanceMs: z.int().min(0).max(ADVANCE_MS_MAX) });
const disputeBody = z.strictObject({
  charge: z.string().min(1),
  reason: z.string().min(1).max(100).default('fraudulent'),
});
const verdictBody = z.strictObject({ outcome: z.enum(['won', 'lost']) });
const outcomeBody = z.strictObject({ outcome: z.enum(['success', 'failure']) });
const webhooksBody = z.union([
  behaviourBody,
  /** A past event once more, or as often as asked. */
  z.strictObject({
    action: z.literal('resend'),
    eventId: z.string(),
    times: z.int().min(1).max(COPIES_MAX).default(1),
  }),
  /** An event that never happened, signed all the same. */
  z.strictObject({
    action: z.literal('send'),
    type: z.string().min(1),
    object: z.record(z.string(), z.unknown()),
  }),
]);

interface Deps {
  books: Books;
  events: Events;
  intents: Intents;
  webhooks: Webhooks;
  nowMs(): number;
}

const UNAUTHENTICATED_ONLY = { id: null, idempotency_key: null };

const orderWebhooks = ({ books: { ledger }, events, webhooks }: Deps, body: unknown): Response => {
  const order = webhooksBody.parse(body);
  if (order.action === 'resend') {
    const event = ledger.find('event', order.eventId);
    if (!event) return Response.json({ error: 'no such event' }, { status: 404 });
    for (let sent = 0; sent < order.times; sent++) webhooks.send(event);
  } else if (order.action === 'send') {
    events.sending(UNAUTHENTICATED_ONLY, () => events.announce(order.type, order.object));
  } else webhooks.behave(order);
  return Response.json(webhooks.state());
};

const authenticate = (parts: Deps, id: string, body: unknown): Response => {
  const succeeded = outcomeBody.parse(body).outcome === 'success';
  return changed(parts, () => parts.intents.authenticate(id, succeeded));
};

const dispute = ({ books }: Deps, body: unknown): unknown => {
  const { charge: id, reason } = disputeBody.parse(body);
  const charge = books.ledger.find<Charge>('charge', id);
  if (!charge) throw missing('charge', id);
  return openDispute(books, charge, reason);
};

/** A change that no call of the API made: whole or not at all, and told. */
const changed = ({ books, events }: Deps, change: () => unknown): Response =>
  Response.json(events.sending(UNAUTHENTICATED_ONLY, () => books.ledger.atomically(change)));

const moveClock = ({ books: { ledger }, nowMs }: Deps, body: unknown): Response => {
  ledger.advance(clockBody.parse(body).advanceMs);
  forgetOldAnswers(ledger, nowMs());
  return Response.json({ nowMs: nowMs() });
};

const DECIDE = /^\/_sandbox\/disputes\/(\w+)\/decide$/;
const AUTHENTICATE = /^\/_sandbox\/payment_intents\/(\w+)\/authenticate$/;

const answered = (parts: Deps, method: string, path: string, body: unknown): Response => {
  const asked = `${method} ${path}`;
  if (asked === 'GET /_sandbox/ledger') return Response.json(parts.books.ledger.judge());
  if (asked === 'GET /_sandbox/webhooks') return Response.json(parts.webhooks.state());
  if (asked === 'POST /_sandbox/webhooks') return orderWebhooks(parts, body);
  if (asked === 'POST /_sandbox/clock') return moveClock(parts, body);
  if (asked === 'POST /_sandbox/disputes') return changed(parts, () => dispute(parts, body));
  const disputeId = DECIDE.exec(path)?.[1];
  if (disputeId && method === 'POST') {
    const { outcome } = verdictBody.parse(body);
    return changed(parts, () => decideDispute(parts.books, disputeId, outcome));
  }
  const id = AUTHENTICATE.exec(path)?.[1];
  if (id && method === 'POST') return authenticate(parts, id, body);
  return Response.json({ error: 'no such control' }, { status: 404 });
};

export const answerControl = async (parts: Deps, request: Request): Promise<Response> => {
  const body: unknown = await request.json().catch(() => undefined);
  try {
    return answered(parts, request.method, new URL(request.url).pathname, body);
  } catch (error) {
    if (error instanceof StripeError) return Response.json(error.body, { status: error.status });
    if (error instanceof z.ZodError) return Response.json({ error: error.issues }, { status: 400 });
    throw error;
  }
};
