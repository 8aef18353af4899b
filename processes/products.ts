// Starts Products: REST for stores, Connect for other services, on one port.
import { createCursors } from '../apis/http/cursors.ts';
import { heartbeatRoute } from '../apis/http/heartbeat.ts';
import { authenticateByKey } from '../apis/http/principals.ts';
import { appOf } from '../apis/http/routes.ts';
import { listen } from '../apis/http/server.ts';
import { collectionRoutes } from '../apis/products/collections.ts';
import { productRoutes } from '../apis/products/products.ts';
import { productsRpc } from '../apis/products/rpc.ts';
import { rpcFetch } from '../apis/rpc/server.ts';
import { verifyTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { configOf } from './config.ts';
import { findKeyIn, pgAnswers, run } from './run.ts';

const config = configOf(
  'HOLDFAST_PORT',
  'HOLDFAST_POSTGRES_URL',
  'HOLDFAST_IDENTITY_URL',
  'HOLDFAST_TOKEN_SECRETS',
  'HOLDFAST_CURSOR_SECRET',
);

await run(config, async (telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const keys = connectPostgres({
    url: config.HOLDFAST_IDENTITY_URL,
    telemetry,
    connectionsMax: 2,
  });
  const cursors = createCursors(config.HOLDFAST_CURSOR_SECRET);
  const app = appOf({
    routes: [heartbeatRoute, ...productRoutes(pg, cursors), ...collectionRoutes(pg, cursors)],
    authenticate: authenticateByKey(findKeyIn(keys)),
    telemetry,
  });
  const rpc = rpcFetch({
    routes: productsRpc(pg),
    verify: verifyTokens('products', config.HOLDFAST_TOKEN_SECRETS),
    telemetry,
  });
  const listener = listen(
    config.HOLDFAST_HOST,
    config.HOLDFAST_PORT,
    (request) => rpc(request) ?? app.fetch(request),
  );
  return {
    checks: { postgres: pgAnswers(pg) },
    stop: async () => {
      await listener.stop();
      await Promise.all([pg.close(), keys.close()]);
    },
  };
});
