// Opens, confirms, captures, cancels and reads payments at the card provider, one keyed call each.
import type Stripe from 'stripe';
import type { Currency } from '../../domain/money.ts';
import { amountOf } from './stripe-amounts.ts';
import { LIST_MAX, type StripeConnection } from './stripe-client.ts';

/** Intents older than this are found by the provider's search. */
const SEARCHABLE_AFTER_MS = 10 * 60_000;
/** The largest difference between the provider's clock and ours. */
const CLOCKS_APART_MS = 60_000;

export type Stage =
  | 'unconfirmed'
  | 'processing'
  | 'action_required'
  | 'authorized'
  | 'captured'
  | 'canceled';

/** The fields of an intent that the workflow needs. */
export interface PaymentView {
  id: string;
  stage: Stage;
  clientSecret: string;
  /** Set when the card's bank refused the last confirmation. */
  declineCode: string | undefined;
}

export interface OpenInput {
  orderId: string;
  amountMinor: number;
  currency: Currency;
}

export interface PaymentProvider {
  open(input: OpenInput, key: string): Promise<PaymentView>;
  confirm(id: string, paymentMethod: string, key: string): Promise<PaymentView>;
  capture(id: string, key: string): Promise<PaymentView>;
  cancel(id: string, key: string): Promise<PaymentView>;
  read(id: string): Promise<PaymentView>;
  /** Finds an order's intent among those made since, in case the response to `open` was lost. */
  findByOrder(orderId: string, sinceMs: number): Promise<PaymentView | undefined>;
}

const STAGES: Record<string, Stage> = {
  requires_payment_method: 'unconfirmed',
  requires_confirmation: 'unconfirmed',
  requires_action: 'action_required',
  processing: 'processing',
  requires_capture: 'authorized',
  succeeded: 'captured',
  canceled: 'canceled',
};

export const stageOf = ({ status }: Stripe.PaymentIntent): Stage => STAGES[status] ?? 'processing';

const viewOf = (intent: Stripe.PaymentIntent): PaymentView => ({
  id: intent.id,
  stage: stageOf(intent),
  clientSecret: intent.client_secret ?? '',
  declineCode: intent.last_payment_error?.decline_code ?? intent.last_payment_error?.code,
});

/**
 * Looks through the newest intents, which the provider's search may not have yet, and then searches
 * for the older ones (https://docs.stripe.com/search: searchable within a minute as a rule). So an
 * order of long ago costs no more than one of today.
 */
const findByOrder = async (
  intents: Stripe['paymentIntents'],
  orderId: string,
  sinceMs: number,
): Promise<PaymentView | undefined> => {
  const listedMs = Math.max(sinceMs, Date.now() - SEARCHABLE_AFTER_MS);
  const gte = Math.floor((listedMs - CLOCKS_APART_MS) / 1000);
  for await (const intent of intents.list({ limit: LIST_MAX, created: { gte } })) {
    if (intent.metadata['orderId'] === orderId) return viewOf(intent);
  }
  if (listedMs === sinceMs) return undefined;
  const { data } = await intents.search({ query: `metadata['orderId']:'${orderId}'`, limit: 1 });
  return data[0] && viewOf(data[0]);
};

/** Every call may be refused: CARD_DECLINED, RATE_LIMITED, IDEMPOTENCY_KEY_IN_FLIGHT. */
export const stripeProvider = ({ stripe, call }: StripeConnection): PaymentProvider => {
  const { paymentIntents: intents } = stripe;
  return {
    open: ({ orderId, amountMinor, currency }, idempotencyKey) =>
      call('open', async () => {
        const params = {
          amount: amountOf(amountMinor, currency),
          currency: currency.toLowerCase(),
          capture_method: 'manual' as const,
          payment_method_types: ['card'],
          metadata: { orderId },
        };
        return viewOf(await intents.create(params, { idempotencyKey }));
      }),
    confirm: (id, paymentMethod, idempotencyKey) =>
      call('confirm', async () => {
        const params = { payment_method: paymentMethod };
        return viewOf(await intents.confirm(id, params, { idempotencyKey }));
      }),
    capture: (id, idempotencyKey) =>
      call('capture', async () => viewOf(await intents.capture(id, {}, { idempotencyKey }))),
    cancel: (id, idempotencyKey) =>
      call('cancel', async () => viewOf(await intents.cancel(id, {}, { idempotencyKey }))),
    read: (id) => call('read', async () => viewOf(await intents.retrieve(id))),
    findByOrder: (orderId, sinceMs) =>
      call('findByOrder', () => findByOrder(intents, orderId, sinceMs)),
  };
};
