// What the gateway answers itself, described: for shoppers' clients and a store's people.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { etagOf, keptAnswer } from '../http/caching.ts';
import { openapiOf } from '../http/openapi/openapi.ts';
import { route, type Route } from '../http/routes.ts';

/** A deployment may change it; nobody is hurt by a minute. */
const CACHE_CONTROL = 'public, max-age=60';

export const SHOP_OPENAPI_FILE = resolve(import.meta.dirname, 'openapi.json');

/** GraphQL has a schema of its own, and what is passed on is described where it is answered. */
const isDescribed = ({ path, passesQuery }: Route): boolean => !passesQuery && path !== '/graphql';

/** The description that is checked in as `openapi.json`; a test compares them. */
export const describedShop = (routes: Route[]) =>
  openapiOf(routes.filter(isDescribed), {
    title: 'Holdfast Shop API',
    version: '1.0.0',
    description:
      'Carts, orders, accounts, and who works for a store. Errors are RFC 9457 problems with ' +
      'stable codes; what may be sent twice takes an Idempotency-Key.',
  });

/** Served as it is checked in. */
export const descriptionRoute = (): Route =>
  route({
    method: 'get',
    path: '/shop/openapi.json',
    summary: 'This API, described.',
    needs: 'public',
    answers: { 200: 'OpenAPI 3.1', 304: 'as it was' },
    answer: async ({ request }) => {
      const body = readFileSync(SHOP_OPENAPI_FILE, 'utf8');
      const headers = { 'content-type': 'application/json' };
      return keptAnswer(request, {
        body,
        headers,
        etag: etagOf(body),
        cacheControl: CACHE_CONTROL,
      });
    },
  });
