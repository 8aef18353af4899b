// Starts the gateway: the one public door.
import { smtpMailer } from '../activities/providers/mailer.ts';
import { createAuth } from '../apis/gateway/accounts/auth.ts';
import { startMailing } from '../apis/gateway/accounts/mails.ts';
import { gatewayRoutes } from '../apis/gateway/routes.ts';
import { createOrderAccess } from '../apis/http/access.ts';
import { createCursors } from '../apis/http/cursors.ts';
import { appOf } from '../apis/http/routes.ts';
import { listen } from '../apis/http/server.ts';
import { clientOf } from '../apis/rpc/client.ts';
import { mintTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { OrdersService } from '../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
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

const connect = (telemetry: Telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_IDENTITY_URL, telemetry });
  const mint = mintTokens('gateway', config.HOLDFAST_TOKEN_SECRETS);
  const { HOLDFAST_PUBLIC_URL: publicUrl, HOLDFAST_SESSION_SECRET: sessionSecret } = config;
  return {
    pg,
    orders: clientOf(OrdersService, {
      ...{ url: config.HOLDFAST_ORDERS_URL, audience: 'orders', mint, telemetry },
      timeoutMs: 10_000,
    }),
    inventory: clientOf(InventoryService, {
      ...{ url: config.HOLDFAST_INVENTORY_URL, audience: 'inventory', mint, telemetry },
    }),
    access: createOrderAccess(config.HOLDFAST_ACCESS_SECRET),
    cursors: createCursors(config.HOLDFAST_CURSOR_SECRET),
    auth: createAuth({ pg, secret: sessionSecret, publicUrl, telemetry }),
    mailer: smtpMailer(config.HOLDFAST_SMTP_URL, config.HOLDFAST_MAIL_FROM, telemetry),
    publicUrl,
    sessionSecret,
    isSecure: publicUrl.startsWith('https:'),
    productsUrl: config.HOLDFAST_PRODUCTS_URL,
    searchUrl: config.HOLDFAST_SEARCH_URL,
    ordersUrl: config.HOLDFAST_ORDERS_URL,
    recoveryUrl: config.HOLDFAST_RECOVERY_URL,
    telemetry,
  };
};

await run(config, async (telemetry) => {
  const parts = connect(telemetry);
  const { pg, sessionSecret } = parts;
  const mailing = startMailing(parts);
  const app = appOf({
    routes: gatewayRoutes(parts),
    authenticate: identityIn(pg, sessionSecret, telemetry),
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
      await pg.close();
    },
  };
});
