// Forwards catalogue queries to Search: equal ones share a call, and GETs are cacheable.
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { DomainError, invalid } from '../../../domain/errors.ts';
import { traceHeaders } from '../../../telemetry/spans.ts';
import { jsonWithoutCards } from '../../http/body.ts';
import { etagOf, keptAnswer, type Kept } from '../../http/caching.ts';
import { media, route, type Route, type RouteInput } from '../../http/routes.ts';
import type { Fetch } from '../../rpc/peer-tls.ts';
import { pick } from '../proxy.ts';
import { createSharing } from './sharing.ts';
import { REQUEST_ID_HEADER } from '../../../domain/headers.ts';

const TIMEOUT_MS = 10_000;
/** A POST gets a response of this moment; a cacheable one may be as old as the cache allows. */
export const JOINABLE_MS = 500;
const KEPT_JOINABLE_MS = 5_000;
const VARIABLES_LENGTH_MAX = 4_000;
const TAGS_LENGTH_MAX = 1_000;
/** The response has prices and stock: a page may be a few seconds old, a checkout is not. */
const CACHE_CONTROL = 'public, max-age=1, s-maxage=5';
/** Equals a browser's cache time, so that many users of one page cause few calls to Search. */
const KEPT_MS = 1_000;
const KEPT_BYTES_MAX = 32 * 1024 * 1024;

/** Search's URL. */
export interface SearchDeps {
  searchUrl: string;
  fetch: Fetch;
}

export const away = (cause: unknown): never => {
  throw new DomainError('UNAVAILABLE', 'the catalogue index is unavailable', { cause });
};

export interface Posted {
  body: string;
  accept: string;
  requestId: string;
  signal: AbortSignal;
}

export const postToSearch = ({ searchUrl, fetch }: SearchDeps, posted: Posted): Promise<Response> =>
  fetch(`${searchUrl}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: posted.accept,
      ...traceHeaders(),
      [REQUEST_ID_HEADER]: posted.requestId,
    },
    body: posted.body,
    signal: posted.signal,
  }).catch(away);

/** Search's response, shared by all callers of the same query. */
interface SearchResponse {
  status: number;
  headers: Record<string, string>;
  bytes: Uint8Array<ArrayBuffer>;
  /** The request id of the call that produced it, which a refusal carries. */
  requestId: string;
}

/** Sends the response; a refusal goes with the request id that it carries. */
export const responseOf = ({ status, headers, bytes, requestId }: SearchResponse): Response => {
  const own = status >= 400 && { [REQUEST_ID_HEADER]: requestId };
  return new Response(bytes, { status, headers: { ...headers, ...own } });
};

interface Shared {
  body: string;
  accept: string;
  joinableMs: number;
}

/** Without the caller's identity: queries change nothing, so equal ones share a response. */
export const sharedSearch = (deps: SearchDeps) => {
  const share = createSharing<SearchResponse>(TIMEOUT_MS);
  return (
    { principal, requestId }: RouteInput,
    { body, accept, joinableMs }: Shared,
  ): Promise<SearchResponse> =>
    share([principal.storeId, accept, body], joinableMs, async (signal) => {
      const answer = await postToSearch(deps, { body, accept, requestId, signal });
      const bytes = new Uint8Array(await answer.arrayBuffer().catch(away));
      const headers = pick(answer.headers, ['content-type', 'retry-after', 'cache-control']);
      return { status: answer.status, headers, bytes, requestId };
    }).catch((error: unknown) => {
      if (error instanceof DomainError) throw error;
      return away(error);
    });
};

export type RequestShared = ReturnType<typeof sharedSearch>;

const persistedQuery = z.strictObject({
  documentId: z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/, 'is not a hash'),
  variables: z.string().max(VARIABLES_LENGTH_MAX).default('{}'),
});

const variablesOf = (text: string): Record<string, unknown> => {
  const value = jsonWithoutCards(text, ['variables']);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid('variables', 'is not an object');
};

/** True when all fields were resolved: a response with gaps or warnings is not cached. */
const isWhole = ({ status, bytes }: SearchResponse): boolean => {
  if (status !== 200) return false;
  const { data, errors, extensions } = JSON.parse(new TextDecoder().decode(bytes)) as Record<
    string,
    unknown
  >;
  return data !== undefined && errors === undefined && extensions === undefined;
};

/** Caches complete responses by query, briefly and in bounded memory; the ETag is made once. */
const keepingAnswers = (context: RequestShared) => {
  const known = new LRUCache<string, Kept>({
    ttl: KEPT_MS,
    maxSize: KEPT_BYTES_MAX,
    sizeCalculation: ({ body }, cacheKey) => body.length + cacheKey.length,
  });
  return async (
    requested: RouteInput<undefined, z.infer<typeof persistedQuery>>,
  ): Promise<Kept | SearchResponse> => {
    const { documentId, variables } = requested.query;
    const cacheKey = [requested.principal.storeId, documentId, variables].join('\n');
    const kept = known.get(cacheKey);
    if (kept) return kept;
    const body = JSON.stringify({ documentId, variables: variablesOf(variables) });
    const accept = 'application/json';
    const fromSearch = await context(requested, { body, accept, joinableMs: KEPT_JOINABLE_MS });
    if (!isWhole(fromSearch)) return fromSearch;
    const { headers, bytes } = fromSearch;
    const whole = { body: bytes, etag: etagOf(bytes), cacheControl: CACHE_CONTROL, headers };
    known.set(cacheKey, whole);
    return whole;
  };
};

const TAGS = z
  .string()
  .max(TAGS_LENGTH_MAX)
  .optional()
  .describe('The ETag of a cached response; 304 while it is current.');

/** A persisted catalogue operation under a URL of its own. */
export const keptGraphqlRoute = (context: RequestShared): Route => {
  const find = keepingAnswers(context);
  return route({
    method: 'get',
    path: '/graphql',
    summary: 'A persisted catalogue operation, cacheable by shared caches.',
    needs: 'public',
    query: persistedQuery,
    headers: { 'If-None-Match': TAGS },
    response: media('application/json'),
    statuses: { 200: 'data', 304: 'as it was', 404: 'NOT_FOUND', 503: 'UNAVAILABLE' },
    handler: async (requested) => {
      const found = await find(requested);
      if ('etag' in found) return keptAnswer(requested.request, found);
      return responseOf({ ...found, headers: { ...found.headers, 'cache-control': 'no-store' } });
    },
  });
};
