// The card sandbox's door: Stripe's API as we use it, idempotency as documented, and its judge.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createFaults, underFaults } from '../faults.ts';
import { paramsOf, type Params } from './form.ts';
import { createIntents } from './intents.ts';
import { openLedger } from './ledger.ts';
import { StripeError } from './objects.ts';
import { routesOf } from './routes.ts';
import { createWebhooks } from './webhooks.ts';

const KEY_LIFE_MS = 24 * 3_600_000;
const REQUESTS_KEPT = 10_000;

interface Options {
  stateFolder: string;
  webhookUrl: string;
  webhookSecret: string;
}

interface Answer {
  status: number;
  body: string;
}

const behaviourBody = z.union([
  z.strictObject({ action: z.enum(['normal', 'duplicate', 'hold', 'release', 'reorder']) }),
  z.strictObject({ action: z.literal('delay'), delayMs: z.number().int().min(0).max(3_600_000) }),
]);
const clockBody = z.strictObject({ advanceMs: z.number().int().min(0) });
const outcomeBody = z.strictObject({ outcome: z.enum(['success', 'failure']) });

export const createStripeSandbox = (options: Options) => {
  const ledger = openLedger(options.stateFolder);
  const webhooks = createWebhooks(options.webhookUrl, options.webhookSecret);
  const faults = createFaults();
  let advancedMs = 0;
  const nowMs = (): number => Date.now() + advancedMs;
  const requests: { method: string; path: string; key: string; at: number }[] = [];
  let unsent: object[] = [];
  const announce = (type: string, object: unknown): void => {
    const created = Math.floor(nowMs() / 1000);
    const id = `evt_${crypto.randomUUID().replaceAll('-', '')}`;
    const event = { id, object: 'event', type, created, livemode: false, data: { object } };
    ledger.put('event', event);
    unsent.push(structuredClone(event));
  };
  const intents = createIntents(ledger, announce, () => Math.floor(nowMs() / 1000));
  const routes = routesOf(intents, ledger);

  const run = (method: string, path: string, params: Params): Answer => {
    try {
      const found = routes.find((route) => route.method === method && route.path.test(path));
      if (!found) throw new StripeError(404, { type: 'invalid_request_error', message: 'no route' });
      const result = found.answer(params, found.path.exec(path)?.[1] ?? '');
      if (result instanceof StripeError) throw result;
      return { status: 200, body: JSON.stringify(result) };
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
      return { status: error.status, body: JSON.stringify(error.body) };
    }
  };
  /** The change and its saved answer are one write; validation errors are not saved. */
  const runKeyed = (key: string, method: string, path: string, params: Params, as500: boolean) => {
    const hash = createHash('sha256').update(`${method} ${path} ${params.canonical()}`);
    const digest = hash.digest('hex');
    const saved = key && method === 'POST' ? ledger.findAnswer(key) : undefined;
    if (saved && nowMs() - saved.createdAtMs < KEY_LIFE_MS) {
      if (saved.hash === digest) return { ...saved, replayed: true };
      throw new StripeError(400, {
        type: 'idempotency_error',
        message: 'Keys for idempotent requests can only be used with the same parameters.',
      });
    }
    return ledger.atomically(() => {
      const done = run(method, path, params);
      const answer = as500 && done.status < 400 ? internalError() : done;
      const isSaved = answer.status < 400 || answer.status === 402 || answer.status >= 500;
      if (key && method === 'POST' && isSaved) {
        ledger.saveAnswer(key, { ...answer, hash: digest, createdAtMs: nowMs() });
      }
      return { ...answer, replayed: false };
    });
  };
  const internalError = (): Answer => ({
    status: 500,
    body: JSON.stringify({ error: { type: 'api_error', message: 'An unknown error occurred.' } }),
  });
  const statusAnswer = (status: number): Response =>
    Response.json(
      {
        error: {
          type: status === 429 ? 'invalid_request_error' : 'api_error',
          ...(status === 429 && { code: 'rate_limit' }),
          message: `answered ${status} by a fault`,
        },
      },
      { status, headers: status === 429 ? { 'retry-after': '1' } : {} },
    );
  const api = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const key = request.headers.get('idempotency-key') ?? '';
    if (requests.length >= REQUESTS_KEPT) requests.shift();
    requests.push({ method: request.method, path: url.pathname, key, at: nowMs() });
    if (!/^Bearer sk_\w+$/.test(request.headers.get('authorization') ?? '')) {
      const message = 'You did not provide an API key.';
      return Response.json({ error: { type: 'invalid_request_error', message } }, { status: 401 });
    }
    const encoded = request.method === 'POST' ? await request.text() : url.search;
    const apply = async (as500: boolean): Promise<Response> => {
      try {
        const params = paramsOf(encoded);
        const answer = runKeyed(key, request.method, url.pathname, params, as500);
        return new Response(answer.body, {
          status: answer.status,
          headers: {
            'content-type': 'application/json',
            'request-id': `req_${crypto.randomUUID().slice(0, 8)}`,
            ...(answer.replayed && { 'idempotent-replayed': 'true' }),
          },
        });
      } catch (error) {
        if (error instanceof StripeError) return Response.json(error.body, { status: error.status });
        throw error;
      } finally {
        for (const event of unsent) webhooks.send(event);
        unsent = [];
      }
    };
    return underFaults(faults, request, apply, statusAnswer);
  };
  const control = async (request: Request, path: string): Promise<Response> => {
    if (path === '/_sandbox/ledger') return Response.json(ledger.judge());
    if (path === '/_sandbox/requests') return Response.json({ requests });
    const body: unknown = await request.json().catch(() => undefined);
    if (path === '/_sandbox/clock') {
      advancedMs += clockBody.parse(body).advanceMs;
      return Response.json({ nowMs: nowMs() });
    }
    if (path === '/_sandbox/webhooks') {
      webhooks.behave(behaviourBody.parse(body));
      return Response.json({});
    }
    const id = /^\/_sandbox\/payment_intents\/(\w+)\/authenticate$/.exec(path)?.[1];
    if (!id) return Response.json({ error: 'no such control' }, { status: 404 });
    const succeeded = outcomeBody.parse(body).outcome === 'success';
    const intent = ledger.atomically(() => intents.authenticate(id, succeeded));
    for (const event of unsent) webhooks.send(event);
    unsent = [];
    return Response.json(intent);
  };
  return {
    fetch: async (request: Request): Promise<Response> => {
      const path = new URL(request.url).pathname;
      const fault = faults.answer(request);
      if (fault) return fault;
      if (!path.startsWith('/_sandbox/')) return api(request);
      return control(request, path).catch((error: unknown) =>
        error instanceof StripeError
          ? Response.json(error.body, { status: error.status })
          : Response.json({ error: String(error) }, { status: 400 }),
      );
    },
    close: () => ledger.close(),
  };
};
