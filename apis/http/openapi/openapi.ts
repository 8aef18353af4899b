// Generates OpenAPI 3.1 from the routes, so that description and service cannot differ.
import type { ZodType } from 'zod';
import { PARAMETER, PARAMETER_LENGTH_MAX } from '../app.ts';
import type { Route } from '../routes.ts';
import { responseComponents, responsesOf } from './responses.ts';
import { namedSchemas, schemaOf, type Json } from './schemas.ts';

interface About {
  title: string;
  version: string;
  description: string;
}

const pathOf = (path: string): string => path.replace(/\/:(\w+)/g, '/{$1}');

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: PARAMETER.source, maxLength: PARAMETER_LENGTH_MAX },
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

const headerParameters = (headers: Record<string, ZodType> = {}): Json[] =>
  Object.entries(headers).map(([name, type]) => {
    const { description, ...schema } = schemaOf(type, 'input');
    const required = !type.safeParse(undefined).success;
    return { name, in: 'header', required, description, schema };
  });

const bodyOf = ({ body, uploads, takesForm }: Route): Json => {
  if (uploads) {
    // A stream has no schema.
    const content = Object.fromEntries(uploads.map((type) => [type, {}]));
    return { requestBody: { required: true, content } };
  }
  if (!body) return {};
  const types = ['application/json', ...(takesForm ? ['application/x-www-form-urlencoded'] : [])];
  const schema = schemaOf(body, 'input');
  const content = Object.fromEntries(types.map((type) => [type, { schema }]));
  return { requestBody: { required: !body.safeParse(undefined).success, content } };
};

/** `put /product/:id/stock` is putProductIdStock. */
const operationIdOf = ({ method, path }: Route): string =>
  method + path.replace(/[^\w]+(\w?)/g, (_, next: string) => next.toUpperCase());

/** Every credential is a bearer token; the route's permission decides which kind it must be. */
const SCHEMES = {
  apiKey: { type: 'http', scheme: 'bearer', description: "A store's key: hf_…" },
  session: { type: 'http', scheme: 'bearer', description: "A session's token: hfs_…" },
  orderToken: { type: 'http', scheme: 'bearer', description: "An order's own: hfo_…" },
};
type Scheme = keyof typeof SCHEMES;

const securityOf = ({ needs }: Route): Partial<Record<Scheme, string[]>>[] => {
  if (needs === 'public') return [];
  if (needs === 'browse') return [{}, { session: [] }, { apiKey: [] }];
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
  const { schemas, headers } = responseComponents();
  return {
    openapi: '3.1.0',
    info: about,
    paths,
    components: {
      schemas: { ...schemas, ...namedSchemas(paths) },
      headers,
      securitySchemes: schemesOf(routes),
    },
  };
};
