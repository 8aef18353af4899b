// Lists every route of the Products API, and generates its description.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Pg } from '../../db/postgres/client.ts';
import type { Cursors } from '../http/cursors.ts';
import { heartbeatRoute } from '../http/heartbeat.ts';
import { openapiOf } from '../http/openapi/openapi.ts';
import { openapiPage, PAGE_POLICY } from '../http/openapi/page.ts';
import { descriptionRoute, pageRoute } from '../http/openapi/served.ts';
import type { Route } from '../http/routes.ts';
import { batchRoute } from './batch.ts';
import { collectionRoutes } from './collections.ts';
import { importRoutes } from './imports.ts';
import type { ImportWorkflows } from './import-workflows.ts';
import { productRoutes } from './products.ts';

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
      "A store's products, collections and imports. Errors are RFC 9457 problems " +
      'with stable codes; lists are paged by opaque cursors and a Link header.',
  });

const pageOfDescription = (): string => openapiPage(JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')));

export const productsRoutes = (deps: ProductsDeps): Route[] => [
  heartbeatRoute,
  descriptionRoute('/openapi.json', OPENAPI_FILE, 'public'),
  pageRoute('/docs', pageOfDescription(), PAGE_POLICY),
  ...describedRoutes(deps),
];
