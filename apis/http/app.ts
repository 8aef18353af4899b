// Builds a service's Hono app: routes behind the limits, one error translator, common headers.
import { Hono, type Context, type ErrorHandler, type MiddlewareHandler } from 'hono';
import { requestId } from 'hono/request-id';
import type { ZodType } from 'zod';
import { DomainError } from '../../domain/errors.ts';
import { REQUEST_ID_HEADER } from '../../domain/headers.ts';
import { parseStrictJson } from '../../domain/strict-json.ts';
import type { Permission } from '../../domain/permissions.ts';
import { withTraceFrom } from '../../telemetry/spans.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import {
  BODY_BYTES_MAX,
  formBody,
  isForm,
  jsonBody,
  jsonWithoutCards,
  parsed,
  receive,
  SHOPPER_BYTES_MAX,
} from './body.ts';
import { front, type FrontOptions } from './front.ts';
import { openGate, type Call, type CallKind, type Gate } from './gate.ts';
import type { Authenticate } from './principals.ts';
import { faultProblem, problemOf } from './problems.ts';
import {
  IDLE_TIMEOUT_SECONDS,
  schemaOfResponse,
  type Bindings,
  type Env,
  type Reply,
  type Route,
} from './routes.ts';

const REQUEST_ID_LENGTH_MAX = 64;

/** What a path may contain as an id, a sku or an address; any other path is not found. */
export const PARAMETER = /^[ -~\u0080-\uffff]+$/;
export const PARAMETER_LENGTH_MAX = 300;

export interface Mounting {
  routes: Route[];
  authenticate: Authenticate;
  telemetry: Telemetry;
  /** Limits of a public API; without them every call passes. */
  gate?: Gate;
  front?: FrontOptions;
  /** Answers requests outside of the routes (RPC); undefined for an unknown path. */
  rpc?: (request: Request, bindings: Bindings) => Promise<Response> | undefined;
  /** Compares each response with its route's schema; for tests, because it costs a parse. */
  checksResponses?: boolean;
}

const assertParameters = (params: Record<string, string>): void => {
  const isOne = (text: string) => PARAMETER.test(text) && text.length <= PARAMETER_LENGTH_MAX;
  if (Object.values(params).every(isOne)) return;
  throw new DomainError('NOT_FOUND', 'no such path');
};

/** Query parameters as one object; repeated and unknown parameters are refused. */
const queryOf = (request: Request, schema: ZodType | undefined): unknown => {
  const search = new URL(request.url).searchParams;
  const names = [...search.keys()];
  if (new Set(names).size !== names.length) {
    throw new DomainError('INVALID_INPUT', 'a query parameter is given twice');
  }
  if ([...search.values()].some((value) => value.includes('\0'))) {
    throw new DomainError('INVALID_INPUT', 'a query parameter has a NUL character');
  }
  if (schema) return parsed(schema, Object.fromEntries(search));
  if (names.length > 0) throw new DomainError('INVALID_INPUT', `unknown parameter ${names[0]}`);
  return {};
};

const kindOf = ({ kind, method }: Route): CallKind => kind ?? (method === 'get' ? 'read' : 'write');

/** Cache-Control: `no-store` unless the route sets a rule; a caller's own response is private. */
const setCacheRule = ({ headers }: Response, { needs }: Route): void => {
  if (headers.has('cache-control')) return;
  headers.set('cache-control', needs === 'public' ? 'no-store' : 'private, no-store');
};

/** Anybody may send these, and a provider's events are signed. */
const SHOPPERS: readonly Permission[] = ['public', 'browse', 'shop', 'own-order', 'own-account'];
const isShoppers = ({ needs, kind }: Route): boolean =>
  SHOPPERS.includes(needs) && kind !== 'webhook';

/** A store sends no cards, but barcodes and other numbers that may look like one. */
const parserOf = (route: Route): ((text: string) => unknown) =>
  isShoppers(route) || route.needs === 'recovery'
    ? jsonWithoutCards
    : (text) => parseStrictJson(text);

/** The body by its schema, which may have a default for a request without one. */
const bodyOf = async (route: Route, schema: ZodType, request: Request): Promise<unknown> => {
  const none = request.body ? undefined : schema.safeParse(undefined);
  if (none?.success) return none.data;
  const hasForm = route.takesForm && isForm(request);
  return parsed(schema, await (hasForm ? formBody(request) : jsonBody(request, parserOf(route))));
};

/** An upload is read as a stream within a limit of its own. */
const takesBody = ({ method, kind }: Route): boolean =>
  method !== 'get' && method !== 'delete' && kind !== 'upload';

/** Reads the body into memory; from then on the request has it there. */
const receiving = (route: Route, c: Context<Env>): Pick<Call, 'receive'> => {
  if (!takesBody(route)) return {};
  const bytesMax = isShoppers(route) ? SHOPPER_BYTES_MAX : BODY_BYTES_MAX;
  return {
    receive: async (onBytes) => {
      const { request, bytes } = await receive(c.req.raw, { bytesMax }, onBytes);
      c.req.raw = request;
      return bytes;
    },
  };
};

/** Takes the call's cost, reads its body, authenticates it, and frees its slot after the answer. */
const admitted = async (
  route: Route,
  { authenticate, gate = openGate }: Mounting,
  c: Context<Env>,
  next: () => Promise<void>,
): Promise<void> => {
  const request = c.req.raw;
  const { pass, leave } = await gate({
    kind: kindOf(route),
    request,
    address: c.env?.address ?? '',
    headers: c.get('fields'),
    ...receiving(route, c),
    authenticate: () => authenticate(request, route.needs, c.req.param()),
  });
  c.set('principal', pass.principal);
  c.set('charge', pass.charge);
  // An upload pauses when its sender does; its own limit ends it.
  if (route.kind === 'upload') c.env?.timeout?.(request, 0);
  await next();
  if (route.kind === 'upload') c.env?.timeout?.(request, IDLE_TIMEOUT_SECONDS);
  const left = leave(c.error ? undefined : c.res);
  if (left && left !== c.res) c.res = left;
  // Hono answers HEAD by GET without its body, which would otherwise never end.
  if (request.method === 'HEAD') await c.res.body?.cancel();
  if (c.error) throw c.error;
};

/** The middleware before a handler: trace, metrics, limits, authentication. */
const guarded = (route: Route, mounting: Mounting): MiddlewareHandler<Env> => {
  const name = `${route.method.toUpperCase()} ${route.path}`;
  return async (c, next) => {
    c.set('routeName', name);
    const parent = { traceparent: c.req.header('traceparent') ?? '' };
    await withTraceFrom(parent, () =>
      mounting.telemetry.timed('http', name, () => admitted(route, mounting, c, next)),
    ).catch((error: unknown) => {
      // Hono has answered what the handler threw; what the limits threw is answered here.
      if (c.error === undefined) throw error;
    });
    setCacheRule(c.res, route);
  };
};

/** The body of a reply; in tests a body that differs from the route's schema is a fault. */
const textOf = (
  { response, path }: Route,
  { body, text = JSON.stringify(body) }: Reply<unknown>,
  checksResponses: boolean,
): string => {
  const schema = schemaOfResponse({ response });
  if (!checksResponses || !schema) return text;
  const sent: unknown = JSON.parse(text);
  const result = schema.safeParse(sent);
  if (!result.success) throw new Error(`${path} answers another shape: ${result.error.message}`);
  const described = JSON.parse(JSON.stringify(result.data)) as unknown;
  if (!Bun.deepEquals(described, sent)) throw new Error(`${path} answers more than is described`);
  return text;
};

const handled =
  (route: Route, { authenticate, checksResponses = false }: Mounting) =>
  async (c: Context<Env>): Promise<Response> => {
    const params = c.req.param();
    assertParameters(params);
    const request = c.req.raw;
    const result = await route.handler({
      params,
      query: route.passesQuery ? {} : queryOf(request, route.query),
      body: route.body && (await bodyOf(route, route.body, request)),
      principal: c.get('principal'),
      authenticate: () => authenticate(request, route.needs, params),
      charge: c.get('charge'),
      requestId: c.get('requestId'),
      address: c.env?.address ?? '',
      request,
      c,
    });
    if (result instanceof Response) return result;
    const { status, headers } = result;
    if (result.body === undefined) return new Response(null, { status, headers });
    const response = new Response(textOf(route, result, checksResponses), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
    for (const cookie of result.cookies ?? []) response.headers.append('set-cookie', cookie);
    return response;
  };

/** A router of these routes; a known path with another method is refused with Allow. */
const routerOf = (mounting: Mounting): Hono<Env> => {
  const router = new Hono<Env>();
  const methods = new Map<string, string[]>();
  for (const route of mounting.routes) {
    const method = route.method.toUpperCase();
    router.on(method, route.path, guarded(route, mounting), handled(route, mounting));
    methods.set(route.path, [...(methods.get(route.path) ?? []), method]);
  }
  for (const [path, allowed] of methods) {
    router.all(path, (c) => {
      const error = new DomainError('METHOD_NOT_ALLOWED', `use ${allowed.join(' or ')}`);
      const response = problemOf(error, c.get('requestId'));
      response.headers.set('allow', allowed.join(', '));
      return response;
    });
  }
  return router;
};

/** A refusal becomes its problem; any other error is logged and shows only a request id. */
const translating =
  ({ log }: Telemetry): ErrorHandler<Env> =>
  (error, c) => {
    const id = c.get('requestId');
    if (error instanceof DomainError) return problemOf(error, id);
    log.error('request failed', error, { requestId: id, route: c.get('routeName') ?? c.req.path });
    return faultProblem(id);
  };

/** What belongs to one caller: a shared cache would give it to others. */
const OF_CALLER = [REQUEST_ID_HEADER, 'set-cookie', 'traceparent', 'tracestate'];

/** Writes the headers that every response carries, except one that shared caches may keep. */
const withFields: MiddlewareHandler<Env> = async (c, next) => {
  const fields = new Headers();
  c.set('fields', fields);
  await next();
  const { headers } = c.res;
  if (/\bpublic\b/.test(headers.get('cache-control') ?? '')) {
    for (const name of OF_CALLER) headers.delete(name);
    return;
  }
  if (!headers.has(REQUEST_ID_HEADER)) headers.set(REQUEST_ID_HEADER, c.get('requestId'));
  for (const [name, value] of fields) headers.set(name, value);
};

const answering =
  (rpc: NonNullable<Mounting['rpc']>): MiddlewareHandler<Env> =>
  async (c, next) => {
    const answer = rpc(c.req.raw, c.env);
    if (answer) c.res = await answer;
    else await next();
  };

/** The app of a service: unknown paths are 404, wrong methods 405 with Allow. */
export const appOf = (mounting: Mounting): Hono<Env> => {
  const app = new Hono<Env>();
  app.use(requestId({ limitLength: REQUEST_ID_LENGTH_MAX }), withFields, ...front(mounting.front));
  if (mounting.rpc) app.use(answering(mounting.rpc));
  app.route('/', routerOf(mounting));
  app.notFound((c) => problemOf(new DomainError('NOT_FOUND', 'no such path'), c.get('requestId')));
  app.onError(translating(mounting.telemetry));
  return app;
};
