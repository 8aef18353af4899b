// Responds to a call once per key: https://docs.stripe.com/api/idempotent_requests.
import { createHash } from 'node:crypto';
import { paramsOf, type Params } from './form.ts';
import type { Ledger } from './ledger.ts';
import { invalidRequest, StripeError } from './objects.ts';
import type { Route } from './routes.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

/** Stripe keeps a key for at least a day; here it expires after exactly one. */
const KEY_LIFE_MS = 24 * 3_600_000;
const KEY_LENGTH_MAX = 255;

export interface Call {
  method: string;
  path: string;
  encoded: string;
  /** Undefined on reads, which may be repeated. */
  key: string | undefined;
}

export interface Answer {
  status: number;
  body: string;
  isReplayed: boolean;
}

const INTERNAL_ERROR = new StripeError(500, {
  type: 'api_error',
  message: 'An unknown error occurred.',
});

const answerOf = (result: unknown): Answer =>
  result instanceof StripeError
    ? { status: result.status, body: JSON.stringify(result.body), isReplayed: false }
    : { status: 200, body: JSON.stringify(result), isReplayed: false };

/** Errors before execution are not saved: unknown routes, objects or parameters can be retried. */
const isSaved = (result: unknown): boolean => {
  if (!(result instanceof StripeError) || result.status >= 500) return true;
  if (result.status === 404) return false;
  const { code } = result.body['error'] as { code?: string };
  return !code?.startsWith('parameter_');
};

/** A decline is returned and saved with its changes; a thrown refusal changes nothing. */
const resultOf = (ledger: Ledger, routes: Route[], call: Call, params: Params): unknown => {
  const { method, path } = call;
  const route = routes.find((one) => one.method === method && one.path.test(path));
  if (!route) {
    const message = `Unrecognized request URL (${method}: ${path}).`;
    return new StripeError(404, { type: 'invalid_request_error', message });
  }
  try {
    return ledger.atomically(() => route.answer(params, route.path.exec(path)?.[1] ?? ''));
  } catch (error) {
    if (error instanceof StripeError) return error;
    throw error;
  }
};

const hashOf = ({ method, path }: Call, params: Params): string =>
  createHash('sha256').update(`${method} ${path} ${params.canonical()}`).digest('hex');

const savedFor = (ledger: Ledger, key: string, hash: string, nowMs: number): Answer | undefined => {
  const saved = ledger.findAnswer(key);
  if (!saved || nowMs - saved.createdAtMs >= KEY_LIFE_MS) return undefined;
  if (saved.hash === hash) return { ...saved, isReplayed: true };
  throw new StripeError(400, {
    type: 'idempotency_error',
    message:
      'Keys for idempotent requests can only be used with the same parameters they were first ' +
      `used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  });
};

/**
 * Saves the change and its response in one write. With `as500` the response of the key is a 500.
 */
export const answerCall = (
  ledger: Ledger,
  routes: Route[],
  call: Call,
  nowMs: number,
  as500: boolean,
): Answer => {
  const { key } = call;
  const params = paramsOf(call.encoded);
  const hash = hashOf(call, params);
  return ledger.atomically(() => {
    const saved = key === undefined ? undefined : savedFor(ledger, key, hash, nowMs);
    if (saved) return saved;
    const done = resultOf(ledger, routes, call, params);
    const result = as500 && isSaved(done) ? INTERNAL_ERROR : done;
    const answer = answerOf(result);
    if (key !== undefined && isSaved(result)) {
      const { status, body } = answer;
      ledger.saveAnswer(key, { hash, status, body, createdAtMs: nowMs });
    }
    return answer;
  });
};

export const forgetOldAnswers = (ledger: Ledger, nowMs: number): void =>
  ledger.forgetAnswers(nowMs - KEY_LIFE_MS);

/** The idempotency key of a call that changes state. */
export const keyOf = (request: Request): string | undefined => {
  const key = request.headers.get(IDEMPOTENCY_KEY_HEADER) ?? '';
  if (key.length > KEY_LENGTH_MAX) {
    throw invalidRequest(`Idempotency keys are at most ${KEY_LENGTH_MAX} characters long.`);
  }
  return request.method === 'POST' && key !== '' ? key : undefined;
};

/** Runs one call per key at a time; a concurrent one is refused, not queued. */
export const createRunningKeys = () => {
  const running = new Set<string>();
  return async <T>(key: string | undefined, work: () => Promise<T>): Promise<T> => {
    if (key === undefined) return work();
    if (running.has(key)) {
      throw new StripeError(409, {
        type: 'invalid_request_error',
        code: 'idempotency_key_in_use',
        message: `There is currently another in-progress request using this Idempotent Key: ${key}`,
      });
    }
    running.add(key);
    try {
      return await work();
    } finally {
      running.delete(key);
    }
  };
};
