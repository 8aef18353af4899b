// Stripe's webhook: verified by the raw body, then it only tells the order's story to look again.
import Stripe from 'stripe';
import { WorkflowNotFoundError } from '@temporalio/client';
import { DomainError } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import { textBody } from '../http/body.ts';
import { json, route, type Route } from '../http/routes.ts';
import type { OrdersParts } from './place.ts';
import { tellPaymentChanged } from './rpc.ts';

/** Signatures older or newer than this are refused: https://docs.stripe.com/webhooks#replay */
const CLOCK_TOLERANCE_SECONDS = 300;

const refused = (): DomainError => new DomainError('INVALID_INPUT', 'the webhook is not valid');

/** The SDK refuses only old timestamps; one from the future is as forged. */
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

/** The order an event is about, by the metadata every intent of ours carries. */
const orderIdIn = (event: Stripe.Event): string | undefined => {
  const { data } = event as { data?: { object?: { metadata?: Record<string, string> | null } } };
  const id = data?.object?.metadata?.['orderId'];
  return isId('order', id) ? id : undefined;
};

export const webhookRoute = (parts: OrdersParts, secrets: readonly string[]): Route =>
  route({
    method: 'post',
    path: '/webhooks/stripe',
    summary: "Stripe's events; verified, then the order looks at its payment again.",
    answers: { 200: 'taken', 400: 'not valid' },
    answer: async ({ request }) => {
      const body = await textBody(request);
      const event = await verified(body, request.headers.get('stripe-signature') ?? '', secrets);
      const orderId = orderIdIn(event);
      if (orderId) {
        await tellPaymentChanged(parts, orderId).catch((cause: unknown) => {
          // A story that is over, or not begun, needs no news: it reads the provider itself.
          if (cause instanceof WorkflowNotFoundError) return;
          throw new DomainError('UNAVAILABLE', 'try this event again later', { cause });
        });
      }
      return json({ received: true });
    },
  });
