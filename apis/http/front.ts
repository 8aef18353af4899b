// What every answer of an HTTP door carries: security headers, CORS for an exact list, and the end.
import type { FetchWithServer } from './server.ts';
import { IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER, STORE_HEADER } from '../../domain/headers.ts';

/** What pages on other origins may send, and what of an answer they may read. */
const ALLOWED_HEADERS = [
  ...['authorization', 'content-type', STORE_HEADER, IDEMPOTENCY_KEY_HEADER, 'if-match'],
  ...['if-none-match', 'last-event-id', REQUEST_ID_HEADER],
].join(', ');
const EXPOSED_HEADERS =
  'etag, link, location, ratelimit, ratelimit-policy, retry-after, x-request-id';
const ALLOWED_METHODS = 'GET, POST, PUT, DELETE';
const PREFLIGHT_SECONDS = 600;
const HSTS_SECONDS = 365 * 24 * 60 * 60;

/** Nothing may be loaded, framed or run, unless the page's own policy says otherwise. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-site',
};

export interface FrontOptions {
  /** Exactly these origins may call from a browser; without credentials of the browser's own. */
  corsOrigins: readonly string[];
  /** True where the world comes in over TLS. */
  isSecure: boolean;
  /** Aborted when this process is about to end: connections are closed after their answer. */
  draining: AbortSignal;
}

const preflight = (origin: string): Response =>
  new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': ALLOWED_METHODS,
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': String(PREFLIGHT_SECONDS),
    },
  });

const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers.has('access-control-request-method');

/** An origin that is not on the list gets the plain answer, which its browser does not show. */
const allowedOrigin = (request: Request, { corsOrigins }: FrontOptions): string | undefined => {
  const origin = request.headers.get('origin') ?? '';
  return corsOrigins.includes(origin) ? origin : undefined;
};

const secure = (response: Response): Response => {
  const { headers } = response;
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  return response;
};

/** A door behind the door, with the same security headers and nothing else. */
export const secured =
  (answer: FetchWithServer): FetchWithServer =>
  async (request, server) =>
    secure(await answer(request, server));

const dress = (response: Response, origin: string | undefined, options: FrontOptions): Response => {
  const { headers } = secure(response);
  if (options.isSecure) headers.set('strict-transport-security', `max-age=${HSTS_SECONDS}`);
  if (options.corsOrigins.length > 0) headers.append('vary', 'Origin');
  if (origin !== undefined) {
    headers.set('access-control-allow-origin', origin);
    headers.set('access-control-expose-headers', EXPOSED_HEADERS);
  }
  if (options.draining.aborted) headers.set('connection', 'close');
  return response;
};

/** The same door with its front. */
export const fronted =
  (options: FrontOptions, answer: FetchWithServer): FetchWithServer =>
  async (request, server) => {
    const origin = allowedOrigin(request, options);
    const isPreflightRequest = origin !== undefined && isPreflight(request);
    return dress(
      isPreflightRequest ? preflight(origin) : await answer(request, server),
      origin,
      options,
    );
  };
