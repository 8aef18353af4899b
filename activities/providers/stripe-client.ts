// Connects to Stripe's API, and turns its errors into Holdfast's error codes.
import Stripe from 'stripe';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const TIMEOUT_MS = 10_000;
const RETRY_AFTER_SECONDS_MAX = 300;
/** Objects of one page of a list (docs.stripe.com/api/pagination). */
export const LIST_MAX = 100;

/** True for a response that Stripe saves and repeats for its key: read, do not resend. */
export const isServerFault = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && (error.statusCode ?? 0) >= 500;

/** True when the object is in another state than the call needs: read its state. */
export const isWrongState = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  ['payment_intent_unexpected_state', 'charge_already_refunded'].includes(error.code ?? '');

const retryAfterOf = ({ headers }: Stripe.errors.StripeError): number => {
  const seconds = Number(headers?.['retry-after']);
  return seconds > 0 ? Math.min(seconds, RETRY_AFTER_SECONDS_MAX) : 1;
};

/**
 * A card that the provider does not know or cannot take (docs.stripe.com/api/errors, `param`). A
 * card that was used before is refused without a `param`.
 */
const isUnusableCard = (error: Stripe.errors.StripeError): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  (error.param === undefined
    ? error.message.includes('PaymentMethod')
    : error.param === 'payment_method') &&
  !isWrongState(error);

/** A key that is wrong or may not do this, and a request that the provider never accepts. */
const REFUSED: readonly unknown[] = [400, 401, 403, 404];

/** The provider's text of a refusal by our fault, which no retry and no other card changes. */
export const ownFaultOf = (error: unknown): string | undefined => {
  if (!(error instanceof Stripe.errors.StripeError) || isWrongState(error)) return undefined;
  if (error instanceof Stripe.errors.StripeIdempotencyError) return undefined;
  return REFUSED.includes(error.statusCode) ? error.message : undefined;
};

const AMOUNT_CODES = ['amount_too_small', 'amount_too_large'];

/**
 * True where the provider alone knows that an amount cannot be charged, as by the currency that the
 * account is paid out in (https://docs.stripe.com/error-codes#amount-too-small).
 */
export const isAmountRefused = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  AMOUNT_CODES.includes(error.code ?? '');

/** A decline, a rate limit and a key in use become DomainErrors; any other error is unchanged. */
const refusalOf = (cause: unknown): unknown => {
  if (!(cause instanceof Stripe.errors.StripeError)) return cause;
  if (cause instanceof Stripe.errors.StripeCardError) {
    return new DomainError('CARD_DECLINED', 'the card was declined', {
      facts: { declineCode: cause.decline_code ?? cause.code ?? 'generic_decline' },
      cause,
    });
  }
  if (isUnusableCard(cause)) {
    return new DomainError('CARD_DECLINED', 'the card cannot be used', {
      facts: { declineCode: 'invalid_payment_method' },
      cause,
    });
  }
  if (cause.statusCode === 429) {
    const retryAfterSeconds = retryAfterOf(cause);
    return new DomainError('RATE_LIMITED', 'the card provider is busy', {
      retryAfterSeconds,
      cause,
    });
  }
  if (cause.statusCode === 409) {
    return new DomainError('IDEMPOTENCY_KEY_IN_FLIGHT', 'the same call is running', { cause });
  }
  return cause;
};

export interface StripeConnection {
  stripe: Stripe;
  /** Runs one call under a name; declines, 429 and 409 come as DomainErrors. */
  call<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** `https://api.stripe.com` when no base is given; the SDK's own retries are off. */
export const connectStripe = (
  secretKey: string,
  apiBase: string | undefined,
  telemetry: Telemetry,
): StripeConnection => {
  const base = apiBase ? new URL(apiBase) : undefined;
  const stripe = new Stripe(secretKey, {
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
  return {
    stripe,
    call: (name, work) =>
      telemetry.timed('stripe', name, work).catch((error: unknown) => {
        throw refusalOf(error);
      }),
  };
};
