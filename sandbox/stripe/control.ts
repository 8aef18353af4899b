// The control routes for tests: ledger, requests, clock, webhooks, 3-D Secure.
import { z } from 'zod';
import { forgetOldAnswers } from './idempotency.ts';
import type { Context } from './charges.ts';
import { ANSWER_SECONDS, decideDispute, DISPUTE_OUTCOMES, openDispute } from './disputes.ts';
import type { Events } from './events.ts';
import type { Intents } from './intents.ts';
import { missing, StripeError, type Charge } from './objects.ts';
import { behaviourBody, resendBody, type Webhooks } from './webhooks.ts';

const ADVANCE_MS_MAX = 365 * 24 * 3_600_000;
const ANSWER_SECONDS_MAX = 100 * 24 * 3_600;

const clockBody = z.strictObject({ advanceMs: z.int().min(0).max(ADVANCE_MS_MAX) });
const disputeBody = z.strictObject({
  charge: z.string().min(1),
  reason: z.string().min(1).max(100).default('fraudulent'),
  amount: z.int().min(1).optional(),
  isInquiry: z.boolean().default(false),
  /** How long evidence is taken. */
  answerSeconds: z.int().min(0).max(ANSWER_SECONDS_MAX).default(ANSWER_SECONDS),
});
const verdictBody = z.strictObject({ outcome: z.enum(DISPUTE_OUTCOMES) });
const outcomeBody = z.strictObject({ outcome: z.enum(['success', 'failure']) });
const webhooksBody = z.union([
  behaviourBody,
  resendBody,
  /** Sends an event that never happened, correctly signed. */
  z.strictObject({
    action: z.literal('send'),
    type: z.string().min(1),
    object: z.record(z.string(), z.unknown()),
  }),
]);

interface Deps {
  context: Context;
  events: Events;
  intents: Intents;
  webhooks: Webhooks;
  nowMs(): number;
}

const UNAUTHENTICATED_ONLY = { id: null, idempotency_key: null };

const orderWebhooks = (
  { context: { ledger }, events, webhooks }: Deps,
  body: unknown,
): Response => {
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

const authenticate = (deps: Deps, id: string, body: unknown): Response => {
  const succeeded = outcomeBody.parse(body).outcome === 'success';
  return changed(deps, () => deps.intents.authenticate(id, succeeded));
};

const dispute = ({ context }: Deps, body: unknown): unknown => {
  const { charge: id, ...claim } = disputeBody.parse(body);
  const charge = context.ledger.find<Charge>('charge', id);
  if (!charge) throw missing('charge', id);
  return openDispute(context, charge, claim);
};

/** Runs a change outside the API atomically and sends its events. */
const changed = ({ context, events }: Deps, change: () => unknown): Response =>
  Response.json(events.sending(UNAUTHENTICATED_ONLY, () => context.ledger.atomically(change)));

const moveClock = ({ context: { ledger }, nowMs }: Deps, body: unknown): Response => {
  ledger.advance(clockBody.parse(body).advanceMs);
  forgetOldAnswers(ledger, nowMs());
  return Response.json({ nowMs: nowMs() });
};

const DECIDE = /^\/_sandbox\/disputes\/(\w+)\/decide$/;
const AUTHENTICATE = /^\/_sandbox\/payment_intents\/(\w+)\/authenticate$/;

const respond = (deps: Deps, method: string, path: string, body: unknown): Response => {
  const route = `${method} ${path}`;
  if (route === 'GET /_sandbox/ledger') return Response.json(deps.context.ledger.snapshot());
  if (route === 'GET /_sandbox/webhooks') return Response.json(deps.webhooks.state());
  if (route === 'POST /_sandbox/webhooks') return orderWebhooks(deps, body);
  if (route === 'POST /_sandbox/clock') return moveClock(deps, body);
  if (route === 'POST /_sandbox/disputes') return changed(deps, () => dispute(deps, body));
  const disputeId = DECIDE.exec(path)?.[1];
  if (disputeId && method === 'POST') {
    const { outcome } = verdictBody.parse(body);
    return changed(deps, () => decideDispute(deps.context, disputeId, outcome));
  }
  const id = AUTHENTICATE.exec(path)?.[1];
  if (id && method === 'POST') return authenticate(deps, id, body);
  return Response.json({ error: 'no such control' }, { status: 404 });
};

export const answerControl = async (deps: Deps, request: Request): Promise<Response> => {
  const body: unknown = await request.json().catch(() => undefined);
  try {
    return respond(deps, request.method, new URL(request.url).pathname, body);
  } catch (error) {
    if (error instanceof StripeError) return Response.json(error.body, { status: error.status });
    if (error instanceof z.ZodError) return Response.json({ error: error.issues }, { status: 400 });
    throw error;
  }
};
