// Starts Products: REST for stores and Connect for other services, on one port.
import { createCursors } from '../apis/http/cursors.ts';
import { appOf } from '../apis/http/app.ts';
import { listenApp } from '../apis/http/server.ts';
import { startImportWorkflows } from '../apis/products/import-workflows.ts';
import { productsRoutes } from '../apis/products/routes.ts';
import { productsRpc } from '../apis/products/rpc.ts';
import { payloadCodec } from '../workflows/client/codec.ts';
import { rpcFetch } from '../apis/rpc/server.ts';
import { connectTemporal } from '../workflows/client/connection.ts';
import { verifyTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { mayCall } from '../domain/permissions.ts';
import { configOf } from './config.ts';
import { identityIn, peerTlsOf, pgAnswers, run } from './run.ts';
import { serviceKeys } from '../apis/rpc/service-keys.ts';

const config = configOf('products');

await run(config, async (telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  // Serves shoppers' reads of other services with a role that sees only published products.
  const published = connectPostgres({ url: config.HOLDFAST_PUBLISHED_URL, telemetry });
  const keys = connectPostgres({
    url: config.HOLDFAST_IDENTITY_URL,
    telemetry,
    connectionsMax: 2,
  });
  const cursors = createCursors(config.HOLDFAST_CURSOR_SECRET);
  const temporal = connectTemporal(
    config.HOLDFAST_TEMPORAL_ADDRESS,
    config.HOLDFAST_TEMPORAL_NAMESPACE,
    payloadCodec(config.HOLDFAST_CODEC_KEYS),
  );
  const workflows = startImportWorkflows(pg, temporal, telemetry);
  const app = appOf({
    routes: productsRoutes({ pg, cursors, workflows }),
    authenticate: identityIn(keys, config.HOLDFAST_SESSION_SECRET, telemetry),
    telemetry,
    checksResponses: config.HOLDFAST_CHECK_RESPONSES,
    rpc: rpcFetch({
      routes: productsRpc({ pg, published }),
      may: mayCall,
      verify: verifyTokens('products', serviceKeys(config.HOLDFAST_TOKEN_JWKS, telemetry)),
      telemetry,
    }),
  });
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port } = config;
  const listener = listenApp(app, { host, port, tls: peerTlsOf(config) });
  return {
    checks: { postgres: pgAnswers(pg) },
    stop: async () => {
      await Promise.all([listener.stop(), workflows.stop()]);
      await temporal.close();
      await Promise.all([pg.close(), published.close(), keys.close()]);
    },
  };
});
