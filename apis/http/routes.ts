// Routes as data: method, path, permission, and the schemas of what is sent and answered.
import type { Context } from 'hono';
import type { z, ZodType } from 'zod';
import type { Permission } from '../../domain/permissions.ts';
import type { CallKind, Charge } from './gate.ts';
import type { Principal } from './principals.ts';

export type Method = 'get' | 'post' | 'put' | 'delete' | 'options';

/** What the listener knows of a request. */
export interface Bindings {
  /** The client's network address; empty behind the gateway. */
  address: string;
  /** Lets a request stay idle for longer than the listener allows; 0 is for ever. */
  timeout?: (request: Request, seconds: number) => void;
}

export interface Variables {
  requestId: string;
  /** `GET /orders/:id`, for logs. */
  routeName: string;
  principal: Principal;
  charge: Charge;
  /** What GraphQL's root fields are answered by. */
  root: object;
  /** Fields of the response that are set whatever it is. */
  fields: Headers;
}

export interface Env {
  Bindings: Bindings;
  Variables: Variables;
}

/** What a handler is given: everything parsed, nothing raw but `request`. */
export interface RouteInput<B = unknown, Q = unknown> {
  params: Record<string, string>;
  body: B;
  query: Q;
  principal: Principal;
  request: Request;
  requestId: string;
  /** The client's network address; empty behind the gateway. */
  address: string;
  charge: Charge;
  /** Hono's own, for streams. */
  c: Context<Env>;
}

/** A JSON response: its body is what the route's schema describes. */
export interface Reply<T> {
  status: number;
  headers: Record<string, string>;
  body: T;
  /** The same body as it was serialised when it was first given. */
  text?: string;
}

export const reply = <T>(
  body: T,
  status = 200,
  headers: Record<string, string> = {},
): Reply<T> => ({ status, headers, body });

export const NO_CONTENT = 'no content';
/** 204. */
export const noContent: Reply<undefined> = { status: 204, headers: {}, body: undefined };

/** A response that is not JSON of ours, by its media types; beside JSON where `schema` is given. */
export interface Media<S extends ZodType | undefined = ZodType | undefined> {
  media: readonly string[];
  schema: S;
}
export const media = (...types: string[]): Media<undefined> => ({
  media: types,
  schema: undefined,
});
export const jsonOr = <S extends ZodType>(schema: S, ...types: string[]): Media<S> => ({
  media: types,
  schema,
});

export type ResponseSpec = ZodType | typeof NO_CONTENT | Media;

/** What a handler returns, by the route's `response`. */
type Returned<R extends ResponseSpec> = R extends ZodType
  ? Reply<z.output<R>>
  : R extends typeof NO_CONTENT
    ? Reply<undefined>
    : R extends Media<infer S>
      ? Response | (S extends ZodType ? Reply<z.output<S>> : never)
      : never;

export interface Route {
  method: Method;
  path: string;
  summary: string;
  /** What the caller must be allowed to do, by `domain/permissions.ts`. */
  needs: Permission;
  body?: ZodType | undefined;
  query?: ZodType | undefined;
  /** The successful response: its type, what is described, and what is sent. */
  response: ResponseSpec;
  /** Request headers that change the response: for the description. */
  headers?: Record<string, ZodType>;
  /** Media types of a body that is taken as a stream. */
  uploads?: string[];
  /** The service behind judges the query: a proxied path. */
  passesQuery?: boolean;
  /** What it is to the limits; a GET is a read, everything else a write by default. */
  kind?: CallKind;
  /** Status codes and what each means. */
  statuses: Record<number, string>;
  handler(input: RouteInput): Promise<Response | Reply<unknown>>;
}

interface RouteOf<B, Q, R extends ResponseSpec> extends Omit<
  Route,
  'body' | 'query' | 'response' | 'handler'
> {
  body?: ZodType<B>;
  query?: ZodType<Q>;
  response: R;
  handler(input: RouteInput<B, Q>): Promise<Returned<R>>;
}

/** Ties the handler's types to the route's schemas. */
export const route = <B = undefined, Q = Record<string, string>, R extends ResponseSpec = ZodType>(
  spec: RouteOf<B, Q, R>,
): Route => spec;

const isMedia = (response: ResponseSpec): response is Media =>
  typeof response === 'object' && 'media' in response;

/** The schema of a route's JSON response; undefined where it has none. */
export const schemaOfResponse = ({ response }: Pick<Route, 'response'>): ZodType | undefined => {
  if (response === NO_CONTENT) return undefined;
  return isMedia(response) ? response.schema : response;
};

/** Media types other than JSON of ours. */
export const mediaOfResponse = ({ response }: Pick<Route, 'response'>): readonly string[] =>
  isMedia(response) ? response.media : [];
