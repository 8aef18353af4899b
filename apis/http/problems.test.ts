// Tests problem JSON: each refusal has its status and code, and a fault shows nothing.
import { describe, expect, test } from 'bun:test';
import {
  DomainError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
} from '../../domain/errors.ts';
import { faultProblem, problemOf, PROBLEMS } from './problems.ts';

const REQUEST_ID = 'req-0123456789';

/** Repeated here on purpose: clients rely on these numbers. */
const STATUSES: Record<ErrorCode, number> = {
  INVALID_INPUT: 400,
  MALFORMED_BODY: 400,
  BODY_TOO_LARGE: 413,
  BODY_TOO_SLOW: 408,
  UNSUPPORTED_MEDIA_TYPE: 415,
  CARD_DATA_FORBIDDEN: 400,
  IDEMPOTENCY_KEY_MISSING: 400,
  IDEMPOTENCY_KEY_REUSED: 422,
  IDEMPOTENCY_KEY_IN_FLIGHT: 409,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  INVALID_CREDENTIALS: 401,
  TOKEN_INVALID: 400,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  VERSION_MISMATCH: 412,
  SKU_TAKEN: 409,
  SLUG_TAKEN: 409,
  PRICE_AMBIGUOUS: 422,
  PRICE_CHANGED: 409,
  AMOUNT_NOT_CHARGEABLE: 422,
  CARD_DECLINED: 402,
  PAYMENT_REFUSED: 503,
  QUANTITY_LIMITED: 409,
  OUT_OF_STOCK: 409,
  STOCK_BELOW_RESERVED: 409,
  RESERVATION_ENDED: 409,
  RESERVATION_REUSED: 422,
  ILLEGAL_TRANSITION: 409,
  ATTENTION_AMBIGUOUS: 409,
  REFUND_EXCEEDS_CAPTURE: 409,
  RETURN_REFUSED: 409,
  CART_FULL: 409,
  CART_EMPTY: 409,
  CART_IN_CHECKOUT: 409,
  RATE_LIMITED: 429,
  TOO_MANY_DECLINES: 429,
  OVERLOADED: 503,
  REBUILDING: 503,
  UNAVAILABLE: 503,
};

const problem = async (code: ErrorCode, details: ErrorDetails = {}, message = 'so it is') => {
  const response = problemOf(new DomainError(code, message, details), REQUEST_ID);
  const text = await response.text();
  return { response, text, body: JSON.parse(text) as Record<string, unknown> };
};

describe('a refusal', () => {
  test.each(ERROR_CODES.map((code) => [code, STATUSES[code]] as const))(
    'of %s is a problem of status %d',
    async (code, status) => {
      const { response, body } = await problem(code);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('x-request-id')).toBe(REQUEST_ID);
      expect(body).toEqual({
        type: `urn:holdfast:problem:${code.toLowerCase().replace(/_/g, '-')}`,
        title: PROBLEMS[code].title,
        status,
        code,
        detail: 'so it is',
        requestId: REQUEST_ID,
      });
    },
  );

  test('has a title and a type, for every code', async () => {
    const types = await Promise.all(ERROR_CODES.map(async (code) => (await problem(code)).body));
    for (const { title } of types) expect(title).toMatch(/^[A-Z][a-z ]+$/);
    expect(new Set(types.map(({ type }) => type)).size).toBe(ERROR_CODES.length);
  });

  test('names every wrong field', async () => {
    const fields = [
      { path: 'lines.0.quantity', message: 'is too large' },
      { path: 'email', message: 'is not one' },
    ];
    const { body } = await problem('INVALID_INPUT', { fields });
    expect(body['errors']).toEqual(fields);
  });

  test('has the present facts beside the standard members', async () => {
    const { body } = await problem('OUT_OF_STOCK', { facts: { skus: [{ sku: 'a', left: 0 }] } });
    expect(body).toMatchObject({ code: 'OUT_OF_STOCK', skus: [{ sku: 'a', left: 0 }] });
  });

  test('has standard members that no fact can replace', async () => {
    const standard = ['type', 'title', 'status', 'code', 'detail', 'requestId', 'errors'];
    const facts = Object.fromEntries(standard.map((name) => [name, 'a fact']));
    const fields = [{ path: 'a', message: 'b' }];
    const { body, response } = await problem('NOT_FOUND', { facts, fields });
    expect(Object.keys(body).sort()).toEqual([...standard].sort());
    expect(Object.values(body)).not.toContain('a fact');
    expect(response.status).toBe(404);
  });

  test('never shows its cause or its stack', async () => {
    const cause = new Error('canary-of-the-cause');
    const { text } = await problem('UNAVAILABLE', { cause });
    expect(text).not.toContain('canary');
    expect(text).not.toContain('problems.test');
  });

  test.each(ERROR_CODES)('of %s has Retry-After only if a retry helps', async (code) => {
    const passes = [429, 503].includes(PROBLEMS[code].status);
    const { response } = await problem(code, { retryAfterSeconds: 17 });
    expect(response.headers.get('retry-after')).toBe(passes ? '17' : null);
    const unsaid = await problem(code);
    expect(unsaid.response.headers.get('retry-after')).toBe(passes ? '2' : null);
  });

  test.each(ERROR_CODES)(
    'of %s has WWW-Authenticate only when no credential was valid',
    async (code) => {
      const { response } = await problem(code);
      const requested = code === 'UNAUTHENTICATED' ? 'Bearer' : null;
      expect(response.headers.get('www-authenticate')).toBe(requested);
    },
  );
});

describe('a fault', () => {
  test('is a 500 with the request id and nothing else', async () => {
    const response = faultProblem(REQUEST_ID);
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-request-id')).toBe(REQUEST_ID);
    expect(await response.json()).toEqual({
      type: 'urn:holdfast:problem:internal',
      title: 'Internal error',
      status: 500,
      code: 'INTERNAL',
      requestId: REQUEST_ID,
    });
  });
});
