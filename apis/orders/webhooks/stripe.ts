// Receives Stripe's webhooks: verifies the raw body and finds the order that an event is about.
import Stripe from 'stripe';
import type { Pg } from '../../../db/postgres/client.ts';
import { findOrderByIntent } from '../../../db/postgres/orders/orders.ts';
import type { ProviderEvent } from '../../../db/postgres/orders/webhooks.ts';
import { isId } from '../../../domain/ids.ts';
import type { Route } from '../../http/routes.ts';
import { notValid, webhookRoute, type WebhookDeps } from './route.ts';

/** Signatures older or newer than this are refused: https://docs.stripe.com/webhooks#replay */
const CLOCK_TOLERANCE_SECONDS = 300;

/** The SDK refuses only old timestamps; one from the future is forged as well. */
const assertNotFuture = (signature: string): void => {
  const at = Number(/(?:^|,)t=(\d{1,12})/.exec(signature)?.[1] ?? NaN);
  if (!(at * 1000 < Date.now() + CLOCK_TOLERANCE_SECONDS * 1000)) throw notValid();
};

const verified = async (body: string, signature: string, secrets: readonly string[]) => {
  assertNotFuture(signature);
  for (const secret of secrets) {
    const event = await Stripe.webhooks
      .constructEventAsync(body, signature, secret, CLOCK_TOLERANCE_SECONDS)
      .catch(() => undefined);
    if (event) return event;
  }
  throw notValid();
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
  return { source: 'stripe', id, type, objectId, reference: await orderIdOf(pg, about) };
};

export const stripeWebhookRoute = (deps: WebhookDeps, secrets: readonly string[]): Route =>
  webhookRoute(deps, {
    path: '/webhooks/stripe',
    summary: "Stripe's events: verified and stored, then the order reads its payment again.",
    eventOf: async (body, headers) =>
      eventOf(deps.pg, await verified(body, headers.get('stripe-signature') ?? '', secrets)),
  });
