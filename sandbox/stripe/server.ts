// The card sandbox's server: Stripe's API under /v1, controls under /_sandbox.
import { createFaults, underFaults, type Connections } from '../faults.ts';
import {
  answerCall,
  createRunningKeys,
  forgetOldAnswers,
  keyOf,
  type Answer,
} from './idempotency.ts';
import { answerControl } from './control.ts';
import { settleRefunds } from './charges.ts';
import { API_VERSION, createEvents, type Events } from './events.ts';
import { createIntents } from './intents.ts';
import { openLedger, type Ledger } from './ledger.ts';
import { invalidRequest, StripeError } from './objects.ts';
import { routesOf, type Route } from './routes.ts';
import { createWebhooks } from './webhooks.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

const REQUESTS_KEPT = 10_000;
const BODY_BYTES_MAX = 64 * 1024;
const FORGET_EVERY_MS = 10 * 60_000;
const SETTLE_EVERY_MS = 500;
/** Seconds a bank takes for a refund that does not settle immediately. */
const SETTLE_AFTER_SECONDS = 2;
const TEST_KEY = /^(?:sk|rk)_\w+$/;

interface Options {
  stateFolder: string;
  webhookUrl: string;
  webhookSecret: string;
}

const secretOf = (authorization: string | null): string => {
  const [, scheme, value = ''] = /^(bearer|basic) (\S+)$/i.exec(authorization ?? '') ?? [];
  if (scheme?.toLowerCase() !== 'basic') return value;
  return Buffer.from(value, 'base64').toString().split(':')[0] ?? '';
};

const authenticate = (request: Request): void => {
  if (TEST_KEY.test(secretOf(request.headers.get('authorization')))) return;
  throw new StripeError(401, {
    type: 'invalid_request_error',
    message: 'You did not provide a valid API key.',
  });
};

const encodedOf = async (request: Request): Promise<string> => {
  if (request.method !== 'POST') return new URL(request.url).search;
  const encoded = await request.text();
  if (encoded.length <= BODY_BYTES_MAX) return encoded;
  throw invalidRequest(`The body is larger than ${BODY_BYTES_MAX} bytes.`);
};

const statusError = (status: number): StripeError =>
  new StripeError(status, {
    type: status < 500 ? 'invalid_request_error' : 'api_error',
    ...(status === 429 && { code: 'rate_limit' }),
    ...(status === 409 && { code: 'lock_timeout' }),
    message: `answered ${status} by a fault`,
  });

const headersOf = (request: Request, requestId: string): Record<string, string> => ({
  'content-type': 'application/json',
  'request-id': requestId,
  'stripe-version': request.headers.get('stripe-version') ?? API_VERSION,
});

const refused = (request: Request, requestId: string, { status, body }: StripeError): Response =>
  Response.json(body, {
    status,
    headers: {
      ...headersOf(request, requestId),
      ...(status === 429 && { 'retry-after': '1' }),
    },
  });

const answered = (request: Request, requestId: string, answer: Answer): Response =>
  new Response(answer.body, {
    status: answer.status,
    headers: {
      ...headersOf(request, requestId),
      ...(answer.isReplayed && { 'idempotent-replayed': 'true' }),
    },
  });

interface Api {
  ledger: Ledger;
  routes: Route[];
  events: Events;
  faults: ReturnType<typeof createFaults>;
  nowMs(): number;
}

const createApi = ({ ledger, routes, events, faults, nowMs }: Api) => {
  const whileRunning = createRunningKeys();
  return async (request: Request, connections?: Connections): Promise<Response> => {
    const requestId = `req_${crypto.randomUUID().replaceAll('-', '').slice(0, 14)}`;
    try {
      authenticate(request);
      const { method } = request;
      const path = new URL(request.url).pathname;
      const key = keyOf(request);
      const encoded = await encodedOf(request);
      const cause = { id: requestId, idempotency_key: key ?? null };
      const call = { method, path, encoded, key };
      const apply = async (as500: boolean): Promise<Response> => {
        const answer = () => answerCall(ledger, routes, call, nowMs(), as500);
        return answered(request, requestId, events.sending(cause, answer));
      };
      const byFault = (status: number): Response =>
        refused(request, requestId, statusError(status));
      return await whileRunning(key, () =>
        underFaults(faults, { request, body: encoded }, apply, byFault, connections),
      );
    } catch (error) {
      if (error instanceof StripeError) return refused(request, requestId, error);
      throw error;
    }
  };
};

interface Requested {
  method: string;
  path: string;
  key: string;
  at: number;
}

export const createStripeSandbox = (options: Options) => {
  const ledger = openLedger(options.stateFolder);
  const webhooks = createWebhooks(options.webhookUrl, options.webhookSecret);
  const faults = createFaults();
  const nowMs = (): number => Date.now() + ledger.advancedMs();
  const events = createEvents(ledger, webhooks, nowMs);
  const nowSeconds = (): number => Math.floor(nowMs() / 1000);
  const context = { ledger, announce: events.announce, nowSeconds };
  const intents = createIntents(context);
  const routes = routesOf(intents, context);
  // Refunds created before this second are settled.
  let settledSeconds = 0;
  const settle = (): void => {
    const toSeconds = nowSeconds() - SETTLE_AFTER_SECONDS;
    const change = () => settleRefunds(context, settledSeconds, toSeconds);
    events.sending({ id: null, idempotency_key: null }, () => ledger.atomically(change));
    settledSeconds = toSeconds;
  };
  const settling = setInterval(settle, SETTLE_EVERY_MS);
  const api = createApi({ ledger, routes, events, faults, nowMs });
  const forgetting = setInterval(() => forgetOldAnswers(ledger, nowMs()), FORGET_EVERY_MS);
  const requests: Requested[] = [];
  const record = (request: Request, path: string): void => {
    if (requests.length >= REQUESTS_KEPT) requests.shift();
    const key = request.headers.get(IDEMPOTENCY_KEY_HEADER) ?? '';
    requests.push({ method: request.method, path, key, at: nowMs() });
  };
  return {
    fetch: async (request: Request, connections?: Connections): Promise<Response> => {
      const path = new URL(request.url).pathname;
      const fault = faults.answer(request);
      if (fault) return fault;
      if (path === '/_sandbox/requests') return Response.json({ requests });
      if (path.startsWith('/_sandbox/')) {
        return answerControl({ context, events, intents, webhooks, nowMs }, request);
      }
      record(request, path);
      return api(request, connections);
    },
    close: () => {
      clearInterval(forgetting);
      clearInterval(settling);
      webhooks.close();
      ledger.close();
    },
  };
};
