// Describes the gateway's own routes as OpenAPI, for shoppers' clients and stores' staff.
import { resolve } from 'node:path';
import { openapiOf } from '../http/openapi/openapi.ts';
import { descriptionRoute } from '../http/openapi/served.ts';
import type { Route } from '../http/routes.ts';

export const SHOP_OPENAPI_FILE = resolve(import.meta.dirname, 'openapi.json');

/** GraphQL has a schema of its own; proxied routes are described by their services. */
const isDescribed = ({ path, passesQuery }: Route): boolean => !passesQuery && path !== '/graphql';

/** The description that is checked in as `openapi.json`; a test compares them. */
export const describedShop = (routes: Route[]) =>
  openapiOf(routes.filter(isDescribed), {
    title: 'Holdfast Shop API',
    version: '1.0.0',
    description:
      'Carts, orders, accounts, and who works for a store. Errors are RFC 9457 problems with ' +
      'stable codes; repeatable requests take an Idempotency-Key.',
  });

/** Serves the checked-in description. */
export const shopDescriptionRoute = (): Route =>
  descriptionRoute('/shop/openapi.json', SHOP_OPENAPI_FILE, 'public');
