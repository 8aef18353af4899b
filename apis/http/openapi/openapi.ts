// OpenAPI 3.1 from the routes themselves: what is served cannot differ from what is described.
import { z, type ZodType } from 'zod';
import type { Route } from '../routes.ts';

type Json = Record<string, unknown>;

interface About {
  title: string;
  version: string;
  description: string;
}

const PROBLEM = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string().describe('Stable, in capitals; see the answers of each operation.'),
  detail: z.string().optional(),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

const schemaOf = (type: ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Json;
  return schema;
};

const pathOf = (path: string): string => path.replace(/\/:(\w+)/g, '/{$1}');

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const queryParameters = (query: ZodType | undefined): Json[] => {
  if (!query) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
};

const headerParameters = (headers: Record<string, string> = {}): Json[] =>
  Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));

/** The listener's own refusal, before anything of ours has seen the call. */
const HEAD_TOO_LARGE = 431;
const isProblem = (status: number): boolean => status >= 400 && status !== HEAD_TOO_LARGE;

const KEY_HEADER = 'Idempotency-Key';

/** What the door itself may answer, whatever the route. */
const refusalsOf = (route: Route): Record<number, string> => {
  const { answers, needs, path, body, query, uploads, headers = {} } = route;
  const keyed = { 409: 'IDEMPOTENCY_KEY_IN_FLIGHT', 422: 'IDEMPOTENCY_KEY_REUSED' };
  return {
    400: answers[400] ?? 'INVALID_INPUT or MALFORMED_BODY',
    ...(needs !== 'public' && { 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED' }),
    ...(path.includes('/:') && { 404: 'NOT_FOUND' }),
    ...((body ?? uploads) && { 408: 'BODY_TOO_SLOW', 413: 'BODY_TOO_LARGE' }),
    ...(body && { 415: 'UNSUPPORTED_MEDIA_TYPE' }),
    ...(headers[KEY_HEADER] && keyed),
    ...(query && { [HEAD_TOO_LARGE]: 'more than the listener reads, and no body' }),
    429: 'RATE_LIMITED',
    500: 'INTERNAL',
    503: 'UNAVAILABLE or OVERLOADED',
  };
};

const responsesOf = (route: Route): Json => {
  const { answers, shows } = route;
  const said: Record<number, string> = { ...refusalsOf(route), ...answers };
  return Object.fromEntries(
    Object.entries(said).map(([status, description]) => {
      const problem = {
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      };
      const shown = shows && { 'application/json': { schema: schemaOf(shows, 'output') } };
      const content = isProblem(Number(status)) ? problem : shown;
      return [status, { description, ...(content && Number(status) !== 204 && { content }) }];
    }),
  );
};

const bodyOf = ({ body, uploads }: Route): Json => {
  if (uploads) {
    const binary = { schema: { type: 'string', contentMediaType: 'application/octet-stream' } };
    const content = Object.fromEntries(uploads.map((type) => [type, binary]));
    return { requestBody: { required: true, content } };
  }
  if (!body) return {};
  const content = { 'application/json': { schema: schemaOf(body, 'input') } };
  return { requestBody: { required: true, content } };
};

/** `put /product/:id/stock` is putProductIdStock. */
const operationIdOf = ({ method, path }: Route): string =>
  method + path.replace(/[^\w]+(\w?)/g, (_, next: string) => next.toUpperCase());

/** Everything is shown as a bearer token; which kind does, the permission says. */
const SCHEMES = {
  apiKey: { type: 'http', scheme: 'bearer', description: "A store's key: hf_…" },
  session: { type: 'http', scheme: 'bearer', description: 'Of who is signed in: hfs_…' },
  orderToken: { type: 'http', scheme: 'bearer', description: "An order's own: hfo_…" },
};
type Scheme = keyof typeof SCHEMES;

const securityOf = ({ needs }: Route): Partial<Record<Scheme, string[]>>[] => {
  if (needs === 'public') return [];
  if (needs === 'shop') return [{}, { session: [] }];
  if (needs === 'own-account') return [{ session: [] }];
  if (needs === 'own-order') return [{ orderToken: [] }, { session: [] }];
  return [{ apiKey: [needs] }, { session: [] }];
};

const schemesOf = (routes: Route[]): Partial<typeof SCHEMES> => {
  const used = new Set(routes.flatMap((one) => securityOf(one).flatMap(Object.keys)));
  return Object.fromEntries(Object.entries(SCHEMES).filter(([name]) => used.has(name)));
};

const operationOf = (route: Route): Json => ({
  operationId: operationIdOf(route),
  summary: route.summary,
  security: securityOf(route),
  parameters: [
    ...pathParameters(route.path),
    ...queryParameters(route.query),
    ...headerParameters(route.headers),
  ],
  ...bodyOf(route),
  responses: responsesOf(route),
});

/** The description of these routes. */
export const openapiOf = (routes: Route[], about: About): Json => {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = (paths[pathOf(route.path)] ??= {});
    path[route.method] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: about,
    paths,
    components: {
      schemas: { Problem: schemaOf(PROBLEM, 'output') },
      securitySchemes: schemesOf(routes),
    },
  };
};
