// Routes as data: method, path, who may, what shape; mounted once with one translator of errors.
import { Hono, type Context } from 'hono';
import type { ZodType } from 'zod';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { withTraceFrom } from '../../telemetry/spans.ts';
import { jsonBody, parsed } from './body.ts';
import { openGate, type CallKind, type Charge, type Gate } from './gate.ts';
import { faultProblem, problemOf } from './problems.ts';
import type { Permission } from '../../domain/permissions.ts';
import type { Authenticate, Principal } from './principals.ts';
import { REQUEST_ID_HEADER } from '../../domain/headers.ts';

export type Method = 'get' | 'post' | 'put' | 'delete' | 'options';

/** What a handler is given: everything parsed, nothing raw but `request`. */
export interface RouteInput<B = unknown, Q = unknown> {
  params: Record<string, string>;
  body: B;
  query: Q;
  principal: Principal;
  request: Request;
  requestId: string;
  /** The client's network address; empty behind the public door. */
  address: string;
  charge: Charge;
}

export interface Route {
  method: Method;
  path: string;
  summary: string;
  /** What the caller must be allowed to do, by `domain/permissions.ts`. */
  needs: Permission;
  body?: ZodType | undefined;
  query?: ZodType | undefined;
  /** What a good answer looks like, and the headers that change it: for the description. */
  shows?: ZodType | undefined;
  headers?: Record<string, ZodType>;
  /** Media types of a body that is taken as it comes. */
  uploads?: string[];
  /** The query is somebody else's to judge: a proxied path. */
  passesQuery?: boolean;
  /** What it is to the limits; a GET is a read, everything else a write unless said. */
  kind?: CallKind;
  answers: Record<number, string>;
  answer(input: RouteInput): Promise<Response>;
}

interface RouteOf<B, Q> extends Omit<Route, 'body' | 'query' | 'answer'> {
  body?: ZodType<B>;
  query?: ZodType<Q>;
  answer(input: RouteInput<B, Q>): Promise<Response>;
}

/** Ties the handler's types to its schemas. */
export const route = <B = undefined, Q = Record<string, string>>(spec: RouteOf<B, Q>): Route =>
  spec;

interface Mounting {
  routes: Route[];
  authenticate: Authenticate;
  telemetry: Telemetry;
  /** Of a public door; without one everybody passes. */
  gate?: Gate;
}

/** What a listener knows of a request beside it. */
export interface Seen {
  address: string;
}

const REQUEST_ID = /^[\w.-]{8,64}$/;

/** What may stand in a path for an id, a sku or an address; anything else is nowhere. */
export const PARAMETER = /^[ -~\u0080-\uffff]+$/;
export const PARAMETER_LENGTH_MAX = 300;

const assertParameters = (params: Record<string, string>): void => {
  const isOne = (text: string) => PARAMETER.test(text) && text.length <= PARAMETER_LENGTH_MAX;
  if (Object.values(params).every(isOne)) return;
  throw new DomainError('NOT_FOUND', 'no such path');
};

/** The caller's request id when it is harmless, else a new one. */
export const requestIdOf = (request: Request): string => {
  const given = request.headers.get(REQUEST_ID_HEADER) ?? '';
  return REQUEST_ID.test(given) ? given : crypto.randomUUID();
};

/** Query parameters as one object; a repeated or (without a schema) any parameter is refused. */
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

type Env = { Bindings: Seen };

interface RouteCall {
  route: Route;
  c: Context<Env>;
  requestId: string;
  /** Set on whatever the answer is. */
  headers: Headers;
}

const answerOf = (mounting: Mounting, { route, c, requestId, headers }: RouteCall) => {
  const request = c.req.raw;
  const address = c.env?.address ?? '';
  const params = c.req.param();
  const authenticate = () => mounting.authenticate(request, route.needs, params);
  const call = { kind: kindOf(route), request, address, headers, authenticate };
  return (mounting.gate ?? openGate)(call, async (principal, charge) => {
    assertParameters(params);
    const query = route.passesQuery ? {} : queryOf(request, route.query);
    const body = route.body ? parsed(route.body, await jsonBody(request)) : undefined;
    return route.answer({ params, body, query, principal, request, requestId, address, charge });
  });
};

/** What says nothing of caches is for none; what is somebody's own, for none at all. */
const withCacheRule = (response: Response, { needs }: Route): Response => {
  if (!response.headers.has('cache-control')) {
    response.headers.set('cache-control', needs === 'public' ? 'no-store' : 'private, no-store');
  }
  return response;
};

const withHeaders = (response: Response, headers: Headers): Response => {
  for (const [name, value] of headers) response.headers.set(name, value);
  return response;
};

const guarded =
  (route: Route, mounting: Mounting) =>
  async (c: Context<Env>): Promise<Response> => {
    const requestId = requestIdOf(c.req.raw);
    const headers = new Headers();
    const call = { route, c, requestId, headers };
    const { telemetry } = mounting;
    const name = `${route.method.toUpperCase()} ${route.path}`;
    const parent = { traceparent: c.req.header('traceparent') ?? '' };
    try {
      const response = await withTraceFrom(parent, () =>
        telemetry.timed('http', name, () => answerOf(mounting, call)),
      );
      if (!response.headers.has(REQUEST_ID_HEADER))
        response.headers.set(REQUEST_ID_HEADER, requestId);
      return withHeaders(withCacheRule(response, route), headers);
    } catch (error) {
      if (error instanceof DomainError) return withHeaders(problemOf(error, requestId), headers);
      telemetry.log.error('request failed', error, { requestId, route: name });
      return faultProblem(requestId);
    }
  };

/** A Hono app of these routes: unknown paths are 404, wrong methods 405 with Allow. */
export const appOf = (mounting: Mounting): Hono<Env> => {
  const app = new Hono<Env>();
  const methods = new Map<string, string[]>();
  for (const route of mounting.routes) {
    app.on(route.method.toUpperCase(), route.path, guarded(route, mounting));
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c) => {
      const error = new DomainError('METHOD_NOT_ALLOWED', `use ${allowed.join(' or ')}`);
      const response = problemOf(error, requestIdOf(c.req.raw));
      response.headers.set('allow', allowed.join(', '));
      return response;
    });
  }
  app.notFound((c) =>
    problemOf(new DomainError('NOT_FOUND', 'no such path'), requestIdOf(c.req.raw)),
  );
  return app;
};

/** A JSON answer. */
export const json = (
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
