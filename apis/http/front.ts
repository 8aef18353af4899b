// Sets the headers that every HTTP response carries: security headers, CORS, connection close.
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER, STORE_HEADER } from '../../domain/headers.ts';
import type { Env } from './routes.ts';

/** The headers that other origins' pages may send, and those of a response that they may read. */
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  STORE_HEADER,
  IDEMPOTENCY_KEY_HEADER,
  'if-match',
  'if-none-match',
  'last-event-id',
  REQUEST_ID_HEADER,
];
const EXPOSED_HEADERS = [
  'etag',
  'link',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  REQUEST_ID_HEADER,
];
const ALLOWED_METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const PREFLIGHT_SECONDS = 600;
const HSTS_SECONDS = 365 * 24 * 60 * 60;

export interface FrontOptions {
  /** The origins that may call from a browser, without its cookies. */
  corsOrigins: readonly string[];
  /** True where the public address is https. */
  isSecure: boolean;
  /** Aborted when this process is about to end: connections are closed after their response. */
  draining: AbortSignal;
}

/** Nothing may be loaded, framed or run, unless a page's own policy allows it. */
const secured = (isSecure: boolean): MiddlewareHandler<Env> =>
  secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    crossOriginResourcePolicy: 'same-site',
    referrerPolicy: 'no-referrer',
    strictTransportSecurity: isSecure && `max-age=${HSTS_SECONDS}`,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xFrameOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    removePoweredBy: false,
    overwrite: false,
  });

/** An origin that is not on the list gets no CORS headers, so its browser hides the response. */
const listed = (origins: readonly string[]): MiddlewareHandler<Env> => {
  const allow = cors({
    origin: [...origins],
    allowMethods: ALLOWED_METHODS,
    allowHeaders: ALLOWED_HEADERS,
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
  });
  return async (c, next) => {
    const isPreflight =
      c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined;
    const isListed = origins.includes(c.req.header('origin') ?? '');
    if (isListed && (isPreflight || c.req.method !== 'OPTIONS')) return allow(c, next);
    await next();
    c.res.headers.append('vary', 'Origin');
  };
};

const closing =
  (draining: AbortSignal): MiddlewareHandler<Env> =>
  async (c, next) => {
    await next();
    if (draining.aborted) c.res.headers.set('connection', 'close');
  };

/** Middleware of every app; only the public API has CORS options. */
export const front = (options?: FrontOptions): MiddlewareHandler<Env>[] => {
  if (!options) return [secured(false)];
  const { corsOrigins, isSecure, draining } = options;
  const origins = corsOrigins.length > 0 ? [listed(corsOrigins)] : [];
  return [closing(draining), secured(isSecure), ...origins];
};
