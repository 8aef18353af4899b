// Receives the carrier's webhooks: verifies the raw body by the rules of Standard Webhooks.
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { ProviderEvent } from '../../../db/postgres/orders/webhooks.ts';
import { isId } from '../../../domain/ids.ts';
import { tooLarge } from '../../http/body.ts';
import type { Route } from '../../http/routes.ts';
import { notValid, webhookRoute, type WebhookDeps } from './route.ts';

/** An event is about 200 bytes; a larger body is not hashed for callers that are not known yet. */
const EVENT_BYTES_MAX = 64 * 1024;

/** The changes of a parcel that a workflow waits for. */
const STATUSES = ['shipped', 'delivered', 'lost', 'returned', 'canceled'] as const;

/** Other types, other statuses, and parcels of other systems are ignored. */
const shipmentUpdated = z.object({
  type: z.literal('shipment.updated'),
  data: z.object({
    shipmentId: z.string().regex(/^[\w-]{1,100}$/),
    reference: z.string().refine((id) => isId('order', id) || isId('return', id)),
    status: z.enum(STATUSES),
  }),
});

/**
 * The parsed body, if it is signed with the verifier's secret. The library compares in constant
 * time and refuses timestamps that are five minutes old or ahead.
 */
const opened = (
  verifier: Webhook,
  body: string,
  headers: Headers,
): { signed: unknown } | undefined => {
  const named = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const sent = Object.fromEntries(named.map((name) => [name, headers.get(name) ?? '']));
  try {
    return { signed: verifier.verify(body, sent) };
  } catch {
    return undefined;
  }
};

/**
 * What the carrier says of a parcel, once for each status: a copy under another id, which the
 * specification allows, is the same event. Undefined for an event that no workflow waits for.
 */
const eventOf = (signed: unknown): ProviderEvent | undefined => {
  const event = shipmentUpdated.safeParse(signed);
  if (!event.success) return undefined;
  const { type, data } = event.data;
  const { shipmentId, reference, status } = data;
  return {
    source: 'carrier',
    id: `${shipmentId}/${status}`,
    type,
    objectId: shipmentId,
    reference,
  };
};

/**
 * Reads the carrier's requests; each of the secrets is valid, so that one can replace another.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const carrierEvents = (secrets: readonly string[]) => {
  const verifiers = secrets.map((secret) => new Webhook(secret));
  /** INVALID_INPUT for a body that is not signed; BODY_TOO_LARGE. */
  return (body: string, headers: Headers): ProviderEvent | undefined => {
    if (Buffer.byteLength(body) > EVENT_BYTES_MAX) throw tooLarge(EVENT_BYTES_MAX);
    for (const verifier of verifiers) {
      const found = opened(verifier, body, headers);
      if (found) return eventOf(found.signed);
    }
    throw notValid();
  };
};

export const carrierWebhookRoute = (deps: WebhookDeps, secrets: readonly string[]): Route => {
  const read = carrierEvents(secrets);
  return webhookRoute(deps, {
    path: '/webhooks/carrier',
    summary:
      "The carrier's events: verified and stored, then the workflow reads its parcels again.",
    eventOf: async (body, headers) => read(body, headers),
  });
};
