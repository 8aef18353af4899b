// Translates refusals to RFC 9457 problem JSON with a stable code.
import { DomainError, type ErrorCode } from '../../domain/errors.ts';
import { REQUEST_ID_HEADER } from '../../domain/headers.ts';

interface Shape {
  status: number;
  title: string;
}

/** Exhaustive by type: a new code does not compile until it has a status here. */
export const PROBLEMS = {
  INVALID_INPUT: { status: 400, title: 'Invalid input' },
  MALFORMED_BODY: { status: 400, title: 'Malformed body' },
  BODY_TOO_LARGE: { status: 413, title: 'Body too large' },
  BODY_TOO_SLOW: { status: 408, title: 'Body too slow' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'Unsupported media type' },
  CARD_DATA_FORBIDDEN: { status: 400, title: 'Card data forbidden' },
  IDEMPOTENCY_KEY_MISSING: { status: 400, title: 'Idempotency key missing' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'Idempotency key reused with another body' },
  IDEMPOTENCY_KEY_IN_FLIGHT: { status: 409, title: 'A request with this key is running' },
  UNAUTHENTICATED: { status: 401, title: 'Unauthenticated' },
  PERMISSION_DENIED: { status: 403, title: 'Permission denied' },
  INVALID_CREDENTIALS: { status: 401, title: 'Invalid credentials' },
  TOKEN_INVALID: { status: 400, title: 'Token invalid' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  VERSION_MISMATCH: { status: 412, title: 'Version mismatch' },
  SKU_TAKEN: { status: 409, title: 'Sku taken' },
  SLUG_TAKEN: { status: 409, title: 'Slug taken' },
  PRICE_AMBIGUOUS: { status: 422, title: 'Price ambiguous' },
  PRICE_CHANGED: { status: 409, title: 'Price changed' },
  AMOUNT_NOT_CHARGEABLE: { status: 422, title: 'Amount not chargeable' },
  CARD_DECLINED: { status: 402, title: 'Card declined' },
  PAYMENT_REFUSED: { status: 503, title: 'Payments are not possible' },
  QUANTITY_LIMITED: { status: 409, title: 'Too many units' },
  OUT_OF_STOCK: { status: 409, title: 'Out of stock' },
  STOCK_BELOW_RESERVED: { status: 409, title: 'Stock below what is reserved' },
  RESERVATION_ENDED: { status: 409, title: 'Reservation ended' },
  RESERVATION_REUSED: { status: 422, title: 'Reservation id reused with other lines' },
  ILLEGAL_TRANSITION: { status: 409, title: 'Illegal transition' },
  ATTENTION_AMBIGUOUS: { status: 409, title: 'Attention ambiguous' },
  REFUND_EXCEEDS_CAPTURE: { status: 409, title: 'Refund exceeds what was captured' },
  RETURN_REFUSED: { status: 409, title: 'Return refused' },
  CART_FULL: { status: 409, title: 'Cart full' },
  CART_EMPTY: { status: 409, title: 'Cart empty' },
  CART_IN_CHECKOUT: { status: 409, title: 'Cart in checkout' },
  RATE_LIMITED: { status: 429, title: 'Rate limited' },
  TOO_MANY_DECLINES: { status: 429, title: 'Too many declines' },
  OVERLOADED: { status: 503, title: 'Overloaded' },
  REBUILDING: { status: 503, title: 'Rebuilding' },
  UNAVAILABLE: { status: 503, title: 'Unavailable' },
} satisfies Record<ErrorCode, Shape>;

const RETRY_AFTER_SECONDS = 2;
/** The longest text of a refusal: it may quote a part of the request, but not all of it. */
export const TEXT_LENGTH_MAX = 1_000;
export const FIELDS_MAX = 100;

const shortened = (text: string): string => text.slice(0, TEXT_LENGTH_MAX).toWellFormed();

/** What is wrong, for a person and by fields. */
export const refusalMembers = ({ message, fields }: DomainError) => ({
  detail: shortened(message),
  ...(fields.length > 0 && {
    errors: fields
      .slice(0, FIELDS_MAX)
      .map(({ path, message: why }) => ({ path: shortened(path), message: shortened(why) })),
  }),
});

const headersOf = (status: number, error: DomainError, requestId: string): Headers => {
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    [REQUEST_ID_HEADER]: requestId,
  });
  if (status === 503 || status === 429) {
    headers.set('retry-after', String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  }
  if (error.code === 'UNAUTHENTICATED') headers.set('www-authenticate', 'Bearer');
  return headers;
};

/** A refusal as a problem; its facts are members beside the standard ones. */
export const problemOf = (error: DomainError, requestId: string): Response => {
  const { status, title } = PROBLEMS[error.code];
  const body = {
    ...error.facts,
    type: `urn:holdfast:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code: error.code,
    ...refusalMembers(error),
    requestId,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: headersOf(status, error, requestId),
  });
};

/** A fault: the request id and nothing else. */
export const faultProblem = (requestId: string): Response =>
  new Response(
    JSON.stringify({
      type: 'urn:holdfast:problem:internal',
      title: 'Internal error',
      status: 500,
      code: 'INTERNAL',
      requestId,
    }),
    {
      status: 500,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        [REQUEST_ID_HEADER]: requestId,
      },
    },
  );
