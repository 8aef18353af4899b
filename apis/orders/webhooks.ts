// Receives Stripe's webhooks: verifies the raw body, stores each event once, notifies its workflow.
import { waitAtMost } from '../../concurrency/deadline.ts';
import Stripe from 'stripe';
import { z } from 'zod';
import type { Pg } from '../../db/postgres/client.ts';
import { findOrderByIntent } from '../../db/postgres/orders/orders.ts';
import { storeEvent, type ProviderEvent } from '../../db/postgres/orders/webhooks.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { textBody } from '../http/body.ts';
import { reply, route, type Route } from '../http/routes.ts';
import { notifyWorkflow, type ProviderEventDeps } from '../../workflows/client/provider-events.ts';

/** Signatures older or newer than this are refused: https://docs.stripe.com/webhooks#replay */
const CLOCK_TOLERANCE_SECONDS = 300;
/** How long the answer waits for the workflow's notification; a sweep delivers late ones. */
const NOTIFY_LIMIT_MS = 1_000;

const refused = (): DomainError => new DomainError('INVALID_INPUT', 'the webhook is not valid');

/** The SDK refuses only old timestamps; one from the future is forged as well. */
const assertNotFuture = (signature: string): void => {
  const at = Number(/(?:^|,)t=(\d{1,12})/.exec(signature)?.[1] ?? NaN);
  if (!(at * 1000 < Date.now() + CLOCK_TOLERANCE_SECONDS * 1000)) throw refused();
};

const verified = async (body: string, signature: string, secrets: readonly string[]) => {
  assertNotFuture(signature);
  for (const secret of secrets) {
    const event = await Stripe.webhooks
      .constructEventAsync(body, signature, secret, CLOCK_TOLERANCE_SECONDS)
      .catch(() => undefined);
    if (event) return event;
  }
  throw refused();
};

/** The fields of the provider's objects by which an order is found. */
interface About {
  id?: unknown;
  payment_intent?: unknown;
  metadata?: Record<string, string> | null;
}

/** The order of an event, by its object's metadata or payment intent. */
const orderIdOf = async (pg: Pg, about: About): Promise<string | undefined> => {
  const named = about.metadata?.['orderId'];
  if (isId('order', named)) return named;
  const intentId = about.payment_intent;
  return typeof intentId === 'string' ? (await findOrderByIntent(pg, intentId))?.id : undefined;
};

/** Undefined for a signed body that is no event. */
const eventOf = async (pg: Pg, signed: Stripe.Event): Promise<ProviderEvent | undefined> => {
  const { id, type, data } = signed as { id?: unknown; type?: unknown; data?: { object?: About } };
  if (typeof id !== 'string' || typeof type !== 'string') return undefined;
  const about = data?.object ?? {};
  const objectId = typeof about.id === 'string' ? about.id : '';
  return { id, type, objectId, orderId: await orderIdOf(pg, about) };
};

export const webhookRoute = (
  deps: ProviderEventDeps & { telemetry: Telemetry },
  secrets: readonly string[],
): Route =>
  route({
    method: 'post',
    path: '/webhooks/stripe',
    summary: "Stripe's events: verified and stored, then the order reads its payment again.",
    needs: 'public',
    response: z.object({ received: z.literal(true) }),
    statuses: { 200: 'taken', 400: 'not valid' },
    handler: async ({ request }) => {
      const body = await textBody(request);
      const signed = await verified(body, request.headers.get('stripe-signature') ?? '', secrets);
      const event = await eventOf(deps.pg, signed);
      const isUnnotified = event !== undefined && (await storeEvent(deps.pg, event));
      if (isUnnotified && event.orderId) {
        const notified = notifyWorkflow(deps, event).catch((error: unknown) =>
          deps.telemetry.log.error('event not delivered yet', error, { orderId: event.orderId }),
        );
        await waitAtMost(notified, NOTIFY_LIMIT_MS);
      }
      return reply({ received: true as const });
    },
  });
