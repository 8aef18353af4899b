// Every route of the Products API, and the description that is made of them.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Pg } from '../../db/postgres/client.ts';
import type { Cursors } from '../http/cursors.ts';
import { etagOf, keptAnswer } from '../http/caching.ts';
import { heartbeatRoute } from '../http/heartbeat.ts';
import { openapiOf } from '../http/openapi/openapi.ts';
import { openapiPage, PAGE_POLICY } from '../http/openapi/page.ts';
import { route, type Route } from '../http/routes.ts';
import { batchRoute } from './batch.ts';
import { collectionRoutes } from './collections.ts';
import { importRoutes } from './imports.ts';
import type { ImportWorkflows } from './import-workflows.ts';
import { productRoutes } from './products.ts';

/** A deployment may change it; nobody is hurt by a minute. */
const CACHE_CONTROL = 'public, max-age=60';

export const OPENAPI_FILE = resolve(import.meta.dirname, 'openapi.json');

export interface ProductsDeps {
  pg: Pg;
  cursors: Cursors;
  workflows: ImportWorkflows;
}

const describedRoutes = ({ pg, cursors, workflows }: ProductsDeps): Route[] => [
  ...productRoutes(pg, cursors),
  batchRoute(pg),
  ...collectionRoutes(pg, cursors),
  ...importRoutes({ pg, cursors, workflows }),
];

/** The description that is checked in as `openapi.json`; a test compares them. */
export const describedProducts = () =>
  openapiOf(describedRoutes({} as ProductsDeps), {
    title: 'Holdfast Products API',
    version: '1.0.0',
    description:
      'How a store keeps its products, collections and imports. Errors are RFC 9457 problems ' +
      'with stable codes; lists are paged by opaque cursors and a Link header.',
  });

/** Served as it is checked in, read once. */
const descriptionRoutes = (): Route[] => {
  const text = readFileSync(OPENAPI_FILE, 'utf8');
  const page = openapiPage(JSON.parse(text));
  const kept = (body: string, headers: Record<string, string>) => ({
    ...{ body, headers, etag: etagOf(body), cacheControl: CACHE_CONTROL },
  });
  const description = kept(text, { 'content-type': 'application/json' });
  const pageForPeople = kept(page, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': PAGE_POLICY,
  });
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      summary: 'This API, described.',
      needs: 'public',
      answers: { 200: 'OpenAPI 3.1' },
      answer: async ({ request }) => keptAnswer(request, description),
    }),
    route({
      method: 'get',
      path: '/docs',
      summary: 'This API, described for people.',
      needs: 'public',
      answers: { 200: 'a page' },
      answer: async ({ request }) => keptAnswer(request, pageForPeople),
    }),
  ];
};

export const productsRoutes = (deps: ProductsDeps): Route[] => [
  heartbeatRoute,
  ...descriptionRoutes(),
  ...describedRoutes(deps),
];
