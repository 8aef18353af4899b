// The type of a route: method, path, permission, and the schemas of its request and response.
import type { Context } from 'hono';
import type { z, ZodType } from 'zod';
import type { Permission } from '../../domain/permissions.ts';
import type { CallKind, Charge } from './gate.ts';
import type { Principal } from './principals.ts';

export type Method = 'get' | 'post' | 'put' | 'delete' | 'options';

/** How long a connection may be idle. */
export const IDLE_TIMEOUT_SECONDS = 30;

/** What the listener knows of a request. */
export interface Bindings {
  /** The client's network address; empty behind the gateway. */
  address: string;
  /**
   * Sets how long the request's connection may be idle; 0 is for ever, which must end with the
   * answer: the connection goes on to other requests.
   */
  timeout?: (request: Request, seconds: number) => void;
}

export interface Variables {
  requestId: string;
  /** `GET /orders/:id`, for logs. */
  routeName: string;
  principal: Principal;
  charge: Charge;
  /** The resolvers of GraphQL's root fields. */
  root: object;
  /** Headers that are set on every response of the call. */
  fields: Headers;
}

export interface Env {
  Bindings: Bindings;
  Variables: Variables;
}

/** A handler's input: all of it parsed, except `request`. */
export interface RouteInput<B = unknown, Q = unknown> {
  params: Record<string, string>;
  body: B;
  query: Q;
  principal: Principal;
  /** The principal as of now, for a response that lasts: its session or key may have ended. */
  authenticate(): Promise<Principal>;
  request: Request;
  requestId: string;
  /** The client's network address; empty behind the gateway. */
  address: string;
  charge: Charge;
  /** Hono's own context, for streams. */
  c: Context<Env>;
}

/** A JSON response: its body is what the route's schema describes. */
export interface Reply<T> {
  status: number;
  headers: Record<string, string>;
  body: T;
  /** Set-Cookie, one header each. */
  cookies?: string[];
  /** A stored response: the body as it was serialised the first time. */
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

/** A response other than JSON, by its media types; beside JSON where `schema` is given. */
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

/** A handler's return type, by the route's `response`. */
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
  /** The permission that the caller needs, of `domain/permissions.ts`. */
  needs: Permission;
  body?: ZodType | undefined;
  /** The body may be a form of a page, too, which works without scripts. */
  takesForm?: boolean;
  query?: ZodType | undefined;
  /** The successful response: its type, its description, and its body. */
  response: ResponseSpec;
  /** Request headers that change the response; for the description. */
  headers?: Record<string, ZodType>;
  /** Media types of an upload, for the description; its kind is `upload`. */
  uploads?: string[];
  /** A proxied path: the service behind checks the query. */
  passesQuery?: boolean;
  /** The call's kind for the limits; by default a GET is a read and all else a write. */
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

/** The media types other than JSON. */
export const mediaOfResponse = ({ response }: Pick<Route, 'response'>): readonly string[] =>
  isMedia(response) ? response.media : [];
