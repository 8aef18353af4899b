// Paths that another service answers under the same name: passed on, and its answer passed back.
import { DomainError } from '../../domain/errors.ts';
import { traceHeaders } from '../../telemetry/spans.ts';
import { textBody } from '../http/body.ts';
import type { Method, Route } from '../http/routes.ts';

const TIMEOUT_MS = 10_000;
/** Nothing else of a request goes behind the door: no forged address, user or tenant. */
const PASSED_ON = [
  'accept',
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'stripe-signature',
];
const PASSED_BACK = [
  'content-type',
  'etag',
  'location',
  'allow',
  'retry-after',
  'cache-control',
  'www-authenticate',
];

const pick = (headers: Headers, names: string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

const passOn = async (request: Request, requestId: string, baseUrl: string): Promise<Response> => {
  const { pathname, search } = new URL(request.url);
  const hasBody = request.method !== 'GET' && request.method !== 'DELETE';
  const answer = await fetch(`${baseUrl}${pathname}${search}`, {
    method: request.method,
    headers: {
      ...pick(request.headers, PASSED_ON),
      ...traceHeaders(),
      'x-request-id': requestId,
    },
    ...(hasBody && { body: await textBody(request) }),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError('UNAVAILABLE', 'this part of the shop is away just now', { cause });
  });
  const headers = { ...pick(answer.headers, PASSED_BACK), 'x-request-id': requestId };
  const isEmpty = answer.status === 204 || answer.status === 304;
  return new Response(isEmpty ? null : await answer.arrayBuffer(), {
    status: answer.status,
    headers,
  });
};

/** `get /products`, … : each passed on to the service at `baseUrl`, which decides who may. */
export const proxied = (baseUrl: string, paths: [Method, string][]): Route[] =>
  paths.map(([method, path]) => ({
    method,
    path,
    summary: `Answered by another service.`,
    answers: {},
    query: undefined,
    passesQuery: true,
    answer: ({ request, requestId }) => passOn(request, requestId, baseUrl),
  }));
