// The card provider: Stripe's API, one keyed call a step, its answers as the few facts we use.
import Stripe from 'stripe';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const TIMEOUT_MS = 10_000;
const RECENT_SECONDS = 24 * 3600;
const LIST_MAX = 100;

export type Stage = 'unconfirmed' | 'action_required' | 'authorized' | 'captured' | 'canceled';

/** An intent as the story needs it. */
export interface PaymentView {
  id: string;
  stage: Stage;
  clientSecret: string;
  /** Set when the last try was refused by the card's bank. */
  declineCode: string | undefined;
}

export interface OpenAsk {
  orderId: string;
  amountMinor: number;
  currency: string;
}

export interface PaymentProvider {
  open(ask: OpenAsk, key: string): Promise<PaymentView>;
  confirm(id: string, paymentMethod: string, key: string): Promise<PaymentView>;
  capture(id: string, key: string): Promise<PaymentView>;
  cancel(id: string, key: string): Promise<PaymentView>;
  refund(id: string, key: string): Promise<void>;
  read(id: string): Promise<PaymentView>;
  isRefunded(id: string): Promise<boolean>;
  /** The intent of an order among the recent ones, in case the answer to `open` was lost. */
  findByOrder(orderId: string): Promise<PaymentView | undefined>;
}

const STAGES: Record<string, Stage> = {
  requires_payment_method: 'unconfirmed',
  requires_confirmation: 'unconfirmed',
  requires_action: 'action_required',
  processing: 'unconfirmed',
  requires_capture: 'authorized',
  succeeded: 'captured',
  canceled: 'canceled',
};

const viewOf = (intent: Stripe.PaymentIntent): PaymentView => ({
  id: intent.id,
  stage: STAGES[intent.status] ?? 'unconfirmed',
  clientSecret: intent.client_secret ?? '',
  declineCode: intent.last_payment_error?.decline_code ?? intent.last_payment_error?.code,
});

/** True for an answer that Stripe saves and repeats for its key: read, do not resend. */
export const isServerFault = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && (error.statusCode ?? 0) >= 500;

/** A decline as a refusal; everything else goes on as it came. */
const refusalOf = (error: unknown): unknown => {
  if (!(error instanceof Stripe.errors.StripeCardError)) return error;
  return new DomainError('CARD_DECLINED', 'the card was declined', {
    facts: { declineCode: error.decline_code ?? error.code ?? 'generic_decline' },
    cause: error,
  });
};

/** `https://api.stripe.com` when no base is given; the SDK's own retries are off. */
const clientOf = (secretKey: string, apiBase: string | undefined): Stripe => {
  const base = apiBase ? new URL(apiBase) : undefined;
  return new Stripe(secretKey, {
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
    httpClient: Stripe.createFetchHttpClient(),
    ...(base && {
      host: base.hostname,
      port: base.port,
      protocol: base.protocol === 'http:' ? ('http' as const) : ('https' as const),
    }),
  });
};

const findByOrder = async (
  intents: Stripe['paymentIntents'],
  orderId: string,
): Promise<PaymentView | undefined> => {
  const gte = Math.floor(Date.now() / 1000) - RECENT_SECONDS;
  for await (const intent of intents.list({ limit: LIST_MAX, created: { gte } })) {
    if (intent.metadata['orderId'] === orderId) return viewOf(intent);
  }
  return undefined;
};

export const stripeProvider = (
  secretKey: string,
  apiBase: string | undefined,
  telemetry: Telemetry,
): PaymentProvider => {
  const { paymentIntents: intents, refunds } = clientOf(secretKey, apiBase);
  const call = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    telemetry.timed('stripe', name, work).catch((error: unknown) => {
      throw refusalOf(error);
    });
  return {
    open: ({ orderId, amountMinor, currency }, idempotencyKey) =>
      call('open', async () => {
        const params = {
          amount: amountMinor,
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
    refund: (id, idempotencyKey) =>
      call('refund', async () => {
        await refunds.create({ payment_intent: id }, { idempotencyKey });
      }),
    read: (id) => call('read', async () => viewOf(await intents.retrieve(id))),
    isRefunded: (id) =>
      call('isRefunded', async () => {
        const { data } = await refunds.list({ payment_intent: id, limit: 1 });
        return data.length > 0;
      }),
    findByOrder: (orderId) => call('findByOrder', () => findByOrder(intents, orderId)),
  };
};
