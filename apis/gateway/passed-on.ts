// Lists the paths that are proxied to other services, and the permission of each.
import { REPAIR_ACTIONS } from '../../domain/attention.ts';
import { IMPORT_BYTES_MAX } from '../../domain/catalogue/imports.ts';
import type { Cookies } from '../http/credentials/cookies.ts';
import type { Route } from '../http/routes.ts';
import type { Fetch } from '../rpc/peer-tls.ts';
import { proxied, type PassedOn, type To } from './proxy.ts';

/** The services' URLs. */
export interface Behind {
  productsUrl: string;
  searchUrl: string;
  ordersUrl: string;
  recoveryUrl: string;
  /** Sends the requests. */
  fetch: Fetch;
  /** A browser's session goes on as a bearer token. */
  cookies: Cookies;
}

const productsRoutes = (products: To): Route[] => [
  ...proxied(products, [
    ['get', '/openapi.json', 'public'],
    ['get', '/docs', 'public'],
    ['post', '/collection', 'products:write'],
    ['put', '/collection/:id', 'products:write'],
    ['delete', '/collection/:id', 'products:write'],
    ['get', '/collection/:id/products', 'products:read'],
    ['put', '/collection/:id/products', 'products:write'],
    ['get', '/collection/:id', 'products:read'],
    ['get', '/collections', 'products:read'],
    ['post', '/product', 'products:write'],
    ['put', '/product/:id', 'products:write'],
    ['get', '/product/:id', 'products:read'],
    ['delete', '/product/:id', 'products:write'],
    ['get', '/products', 'products:read'],
    ['post', '/products:batch', 'products:write'],
    ['put', '/product/:id/collections', 'products:write'],
    ['get', '/imports', 'imports:write'],
    ['get', '/imports/:id', 'imports:write'],
    ['get', '/imports/:id/rows', 'imports:write'],
    ['get', '/imports/:id/result.csv', 'imports:write'],
    ['post', '/imports/:id/pause', 'imports:write'],
    ['post', '/imports/:id/resume', 'imports:write'],
    ['post', '/imports/:id/retry', 'imports:write'],
  ]),
  ...proxied(products, [['post', '/imports', 'imports:write']], {
    kind: 'upload',
    uploadBytesMax: IMPORT_BYTES_MAX,
  }),
];

export const passedOnRoutes = ({
  productsUrl,
  ordersUrl,
  recoveryUrl,
  fetch,
  cookies,
}: Behind): Route[] => [
  ...productsRoutes({ baseUrl: productsUrl, fetch, cookies }),
  ...proxied(
    { baseUrl: ordersUrl, fetch, cookies },
    [
      ['post', '/webhooks/stripe', 'public'],
      ['post', '/webhooks/carrier', 'public'],
    ],
    { kind: 'webhook' },
  ),
  ...proxied({ baseUrl: recoveryUrl, fetch, cookies }, [
    ['get', '/recovery/openapi.json', 'recovery'],
    ['get', '/recovery/overview', 'recovery'],
    ['get', '/recovery/breaks', 'recovery'],
    ['get', '/recovery/orders', 'recovery'],
    ['get', '/recovery/orders/:id', 'recovery'],
    ['get', '/recovery/disputes', 'recovery'],
    ['post', '/recovery/disputes/:id/submit', 'recovery'],
    ['post', '/recovery/disputes/:id/accept', 'recovery'],
    ['get', '/recovery/holds', 'recovery'],
    ['get', '/recovery/returns', 'recovery'],
    ['post', '/recovery/returns/:id/accept', 'recovery'],
    ['post', '/recovery/returns/:id/refuse', 'recovery'],
    ['post', '/recovery/batches', 'recovery'],
    ['get', '/recovery/batches/:id', 'recovery'],
    ...REPAIR_ACTIONS.map((action): PassedOn => [
      'post',
      `/recovery/orders/:id/${action}`,
      'recovery',
    ]),
  ]),
];
