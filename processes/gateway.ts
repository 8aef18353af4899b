// Starts the gateway: the one public door.
import { smtpMailer } from '../activities/providers/mailer.ts';
import { createAuth } from '../apis/gateway/accounts/auth.ts';
import { startMailing } from '../apis/gateway/accounts/mails.ts';
import { accountRoutes } from '../apis/gateway/accounts/routes.ts';
import { orderRoutes } from '../apis/gateway/orders.ts';
import { ownOrdersRoute } from '../apis/gateway/own-orders.ts';
import { proxied, type PassedOn } from '../apis/gateway/proxy.ts';
import { returnRoutes } from '../apis/gateway/returns.ts';
import { stockRoutes } from '../apis/gateway/stock.ts';
import { timelineRoute } from '../apis/gateway/timeline.ts';
import { createOrderAccess } from '../apis/http/access.ts';
import { createCursors } from '../apis/http/cursors.ts';
import { heartbeatRoute } from '../apis/http/heartbeat.ts';
import { appOf, type Route } from '../apis/http/routes.ts';
import { listen } from '../apis/http/server.ts';
import { clientOf } from '../apis/rpc/client.ts';
import { mintTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { MEND_ACTIONS } from '../domain/attention.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { OrdersService } from '../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { IMPORT_BYTES_MAX } from '../domain/catalogue/imports.ts';
import { configOf } from './config.ts';
import { identityIn, run } from './run.ts';

const config = configOf(
  'HOLDFAST_PORT',
  'HOLDFAST_IDENTITY_URL',
  'HOLDFAST_SESSION_SECRET',
  'HOLDFAST_TOKEN_SECRETS',
  'HOLDFAST_PRODUCTS_URL',
  'HOLDFAST_SEARCH_URL',
  'HOLDFAST_INVENTORY_URL',
  'HOLDFAST_ORDERS_URL',
  'HOLDFAST_RECOVERY_URL',
  'HOLDFAST_ACCESS_SECRET',
  'HOLDFAST_CURSOR_SECRET',
  'HOLDFAST_PUBLIC_URL',
  'HOLDFAST_SMTP_URL',
  'HOLDFAST_MAIL_FROM',
);

/** Paths that other services answer under the same name. */
const passedOn = (): Route[] => [
  ...proxied(config.HOLDFAST_PRODUCTS_URL, [
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
  ...proxied(
    config.HOLDFAST_PRODUCTS_URL,
    [['post', '/imports', 'imports:write']],
    IMPORT_BYTES_MAX,
  ),
  ...proxied(config.HOLDFAST_SEARCH_URL, [['post', '/graphql', 'shop']]),
  ...proxied(config.HOLDFAST_ORDERS_URL, [['post', '/webhooks/stripe', 'public']]),
  ...proxied(config.HOLDFAST_RECOVERY_URL, [
    ['get', '/recovery/overview', 'recovery'],
    ['get', '/recovery/breaks', 'recovery'],
    ['get', '/recovery/orders', 'recovery'],
    ['get', '/recovery/orders/:id', 'recovery'],
    ['post', '/recovery/batches', 'recovery'],
    ['get', '/recovery/batches/:id', 'recovery'],
    ...MEND_ACTIONS.map((action): PassedOn => [
      'post',
      `/recovery/orders/:id/${action}`,
      'recovery',
    ]),
  ]),
];

await run(config, async (telemetry) => {
  const keys = connectPostgres({ url: config.HOLDFAST_IDENTITY_URL, telemetry });
  const mint = mintTokens('gateway', config.HOLDFAST_TOKEN_SECRETS);
  const orders = clientOf(OrdersService, {
    url: config.HOLDFAST_ORDERS_URL,
    audience: 'orders',
    mint,
    telemetry,
    timeoutMs: 10_000,
  });
  const inventory = clientOf(InventoryService, {
    url: config.HOLDFAST_INVENTORY_URL,
    audience: 'inventory',
    mint,
    telemetry,
  });
  const door = { orders, access: createOrderAccess(config.HOLDFAST_ACCESS_SECRET) };
  const { HOLDFAST_PUBLIC_URL: publicUrl, HOLDFAST_SESSION_SECRET: sessionSecret } = config;
  const auth = createAuth({ pg: keys, secret: sessionSecret, publicUrl, telemetry });
  const mailer = smtpMailer(config.HOLDFAST_SMTP_URL, config.HOLDFAST_MAIL_FROM, telemetry);
  const mailing = startMailing({ pg: keys, auth, mailer, publicUrl, telemetry });
  const isSecure = publicUrl.startsWith('https:');
  const productsUrl = config.HOLDFAST_PRODUCTS_URL;
  const app = appOf({
    routes: [
      heartbeatRoute,
      ...orderRoutes(door),
      ...returnRoutes(door),
      timelineRoute(door),
      ownOrdersRoute({ orders, cursors: createCursors(config.HOLDFAST_CURSOR_SECRET) }),
      ...accountRoutes({ pg: keys, auth, sessionSecret, isSecure }),
      ...stockRoutes({ inventory, productsUrl }),
      ...passedOn(),
    ],
    authenticate: identityIn(keys, config.HOLDFAST_SESSION_SECRET),
    telemetry,
  });
  const listener = listen(config.HOLDFAST_HOST, config.HOLDFAST_PORT, (request, server) => {
    // Timelines are followed for as long as they last; everything else is cut when idle.
    const isFollowed = request.headers.get('accept')?.includes('text/event-stream');
    // An upload may pause for longer than an idle connection may.
    const isUpload = request.method === 'POST' && new URL(request.url).pathname === '/imports';
    if (isFollowed || isUpload) server.timeout(request, 0);
    return app.fetch(request);
  });
  return {
    checks: {},
    stop: async () => {
      await Promise.all([listener.stop(), mailing.stop()]);
      await keys.close();
    },
  };
});
