// Starts Inventory: Connect over HTTP/1.1, gRPC on its own port, and the sweeper of holds.
import { heartbeatRoute } from '../apis/http/heartbeat.ts';
import { authenticateByKey } from '../apis/http/principals.ts';
import { appOf } from '../apis/http/routes.ts';
import { listen } from '../apis/http/server.ts';
import { startExpiring } from '../apis/inventory/expire.ts';
import { inventoryRpc } from '../apis/inventory/rpc.ts';
import { listenGrpc, rpcFetch } from '../apis/rpc/server.ts';
import { verifyTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { connectRedis } from '../db/redis/client.ts';
import { createStockCache } from '../db/redis/stock.ts';
import { configOf } from './config.ts';
import { pgAnswers, run } from './run.ts';

const config = configOf(
  'HOLDFAST_PORT',
  'HOLDFAST_GRPC_PORT',
  'HOLDFAST_POSTGRES_URL',
  'HOLDFAST_REDIS_URL',
  'HOLDFAST_TOKEN_SECRETS',
);

await run(config, async (telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const redis = connectRedis(config.HOLDFAST_REDIS_URL, telemetry);
  const cache = createStockCache(redis);
  const parts = { pg, cache, telemetry };
  const service = {
    routes: inventoryRpc(parts),
    verify: verifyTokens('inventory', config.HOLDFAST_TOKEN_SECRETS),
    telemetry,
  };
  const app = appOf({
    routes: [heartbeatRoute],
    authenticate: authenticateByKey(async () => undefined),
    telemetry,
  });
  const rpc = rpcFetch(service);
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port, HOLDFAST_GRPC_PORT: grpcPort } = config;
  const http = listen(host, port, (request) => rpc(request) ?? app.fetch(request));
  const grpc = await listenGrpc(host, grpcPort, service);
  const sweeper = startExpiring(parts);
  return {
    checks: { postgres: pgAnswers(pg), redis: () => cache.check() },
    stop: async () => {
      await Promise.all([http.stop(), grpc.stop(), sweeper.stop()]);
      redis.close();
      await pg.close();
    },
  };
});
