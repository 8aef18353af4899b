// Starts Search: GraphQL over the read model, with live stock.
import { createCursors } from '../apis/http/cursors.ts';
import { heartbeatRoute } from '../apis/http/heartbeat.ts';
import { authenticatingPublicOnly } from '../apis/http/principals.ts';
import { appOf } from '../apis/http/app.ts';
import { listenApp } from '../apis/http/server.ts';
import { clientOf } from '../apis/rpc/client.ts';
import { mintTokens } from '../apis/rpc/tokens.ts';
import { graphqlRoute } from '../apis/search/graphql.ts';
import { storeLanguages } from '../apis/search/languages.ts';
import { connectCassandra } from '../db/cassandra/client.ts';
import { liveTables } from '../db/cassandra/table-sets.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { ProductsService } from '../proto/gen/holdfast/products/v1/products_pb.ts';
import { configOf } from './config.ts';
import { peerTlsOf, run } from './run.ts';
import { serviceKeys } from '../apis/rpc/service-keys.ts';

const config = configOf('search');
const STOCK_TIMEOUT_MS = 1_500;

await run(config, async (telemetry) => {
  const cassandra = connectCassandra({
    contactPoint: config.HOLDFAST_CASSANDRA_CONTACT_POINT,
    datacenter: config.HOLDFAST_CASSANDRA_DATACENTER,
    keyspace: config.HOLDFAST_CASSANDRA_KEYSPACE,
    telemetry,
  });
  const tls = peerTlsOf(config);
  const mint = mintTokens('search', serviceKeys(config.HOLDFAST_TOKEN_KEYS, telemetry));
  const inventory = clientOf(InventoryService, {
    url: config.HOLDFAST_INVENTORY_URL,
    audience: 'inventory',
    tls,
    mint,
    telemetry,
    timeoutMs: STOCK_TIMEOUT_MS,
  });
  const products = clientOf(ProductsService, {
    url: config.HOLDFAST_PRODUCTS_URL,
    audience: 'products',
    tls,
    mint,
    telemetry,
  });
  const cursors = createCursors(config.HOLDFAST_CURSOR_SECRET);
  const app = appOf({
    routes: [
      heartbeatRoute,
      graphqlRoute({
        tables: liveTables(cassandra),
        languageOf: storeLanguages(products, telemetry),
        inventory,
        products,
        cursors,
        telemetry,
      }),
    ],
    authenticate: authenticatingPublicOnly,
    telemetry,
    checksResponses: config.HOLDFAST_CHECK_RESPONSES,
  });
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port } = config;
  const listener = listenApp(app, { host, port, tls });
  return {
    checks: {},
    stop: async () => {
      await listener.stop();
      await cassandra.close();
    },
  };
});
