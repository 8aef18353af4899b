// The error codes of every refusal Holdfast gives; each API translates them by a complete table.

/** A code states a fact, not a fault. A published code is never renamed. */
export const ERROR_CODES = [
  'INVALID_INPUT',
  'MALFORMED_BODY',
  'BODY_TOO_LARGE',
  'BODY_TOO_SLOW',
  'UNSUPPORTED_MEDIA_TYPE',
  'CARD_DATA_FORBIDDEN',
  'IDEMPOTENCY_KEY_MISSING',
  'IDEMPOTENCY_KEY_REUSED',
  'IDEMPOTENCY_KEY_IN_FLIGHT',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_CREDENTIALS',
  'TOKEN_INVALID',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'VERSION_MISMATCH',
  'SKU_TAKEN',
  'SLUG_TAKEN',
  'PRICE_AMBIGUOUS',
  'PRICE_CHANGED',
  'AMOUNT_NOT_CHARGEABLE',
  'CARD_DECLINED',
  'PAYMENT_REFUSED',
  'QUANTITY_LIMITED',
  'OUT_OF_STOCK',
  'STOCK_BELOW_RESERVED',
  'RESERVATION_ENDED',
  'RESERVATION_REUSED',
  'ILLEGAL_TRANSITION',
  'ATTENTION_AMBIGUOUS',
  'REFUND_EXCEEDS_CAPTURE',
  'RETURN_REFUSED',
  'CART_FULL',
  'CART_EMPTY',
  'CART_IN_CHECKOUT',
  'RATE_LIMITED',
  'TOO_MANY_DECLINES',
  'OVERLOADED',
  'REBUILDING',
  'UNAVAILABLE',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One invalid field: `path` in dots (`lines.0.quantity`), `message` for a person. */
export interface FieldError {
  path: string;
  message: string;
}

export interface ErrorDetails {
  fields?: FieldError[];
  /** The current facts a caller needs to continue (plain JSON), such as the new price. */
  facts?: Record<string, unknown>;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** A refusal: thrown where it is detected, translated once per API. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly fields: FieldError[];
  readonly facts: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'DomainError';
    this.code = code;
    this.fields = details.fields ?? [];
    this.facts = details.facts ?? {};
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && (ERROR_CODES as readonly string[]).includes(value);

/** A refusal of one field (INVALID_INPUT). */
export const invalid = (path: string, message: string): DomainError =>
  new DomainError('INVALID_INPUT', `${path}: ${message}`, { fields: [{ path, message }] });
