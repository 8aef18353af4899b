// Starts Inventory: Connect over HTTP/1.1, gRPC on its own port, and the sweeper of expired holds.
import type { ConnectRouter } from '@connectrpc/connect';
import { createCursors } from '../apis/http/cursors.ts';
import { heartbeatRoute } from '../apis/http/heartbeat.ts';
import { authenticatingPublicOnly } from '../apis/http/principals.ts';
import { appOf } from '../apis/http/app.ts';
import { listenApp } from '../apis/http/server.ts';
import { createAnswered } from '../apis/inventory/answered.ts';
import { startRepairing } from '../apis/inventory/loops/repair.ts';
import { startAnnouncing } from '../apis/inventory/loops/announce.ts';
import { startExpiring } from '../apis/inventory/loops/expire.ts';
import { startFence } from '../apis/inventory/fence.ts';
import { inventoryRpc } from '../apis/inventory/rpc.ts';
import { createSoldOut } from '../apis/inventory/sold-out.ts';
import { startWatching } from '../apis/inventory/watch.ts';
import { createHealth, healthRpc } from '../apis/rpc/health.ts';
import { listenGrpc, rpcFetch } from '../apis/rpc/server.ts';
import { verifyTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { connectRedis } from '../db/redis/client.ts';
import { createStockCache } from '../db/redis/stock.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { mayCall } from '../domain/permissions.ts';
import { configOf } from './config.ts';
import { peerTlsOf, pgAnswers, run, tlsOf } from './run.ts';
import { serviceKeys } from '../apis/rpc/service-keys.ts';

const config = configOf('inventory');

const WATCH_PATH = '/holdfast.inventory.v1.InventoryService/WatchStock';

/** The background loops of the process. */
const loopsOf = (telemetry: Telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const redis = connectRedis(config.HOLDFAST_REDIS_URL, telemetry);
  const cache = createStockCache(redis);
  const fence = startFence({ pg, cache, telemetry });
  const soldOut = createSoldOut();
  const deps = { pg, cache, fence, soldOut, answered: createAnswered(), telemetry };
  const loops = [startExpiring(deps), startAnnouncing(deps), startRepairing(deps), fence];
  const checks = {
    postgres: pgAnswers(pg),
    redis: () => cache.check(),
    stock: async () => fence.epoch(),
  };
  const stop = async (): Promise<void> => {
    await Promise.all(loops.map((loop) => loop.stop()));
    redis.close();
    await pg.close();
  };
  return { deps, checks, stop };
};

await run(config, async (telemetry) => {
  const { deps, checks, stop } = loopsOf(telemetry);
  const watch = startWatching(deps);
  const health = createHealth(checks);
  const rpcDeps = { deps, cursors: createCursors(config.HOLDFAST_CURSOR_SECRET), watch };
  const service = {
    routes: (router: ConnectRouter) => {
      inventoryRpc(rpcDeps)(router);
      healthRpc(health, [InventoryService.typeName])(router);
    },
    may: mayCall,
    verify: verifyTokens('inventory', serviceKeys(config.HOLDFAST_TOKEN_JWKS, telemetry)),
    telemetry,
  };
  const answer = rpcFetch(service);
  const app = appOf({
    routes: [heartbeatRoute],
    authenticate: authenticatingPublicOnly,
    telemetry,
    rpc: (request, { timeout }) => {
      // A watch lasts as long as its reader wants, however little happens.
      if (request.url.endsWith(WATCH_PATH)) timeout?.(request, 0);
      return answer(request);
    },
  });
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port, HOLDFAST_GRPC_PORT: grpcPort } = config;
  const http = listenApp(app, { host, port, tls: peerTlsOf(config) });
  const grpc = await listenGrpc(host, grpcPort, service, tlsOf(config));
  return {
    checks,
    stop: async () => {
      health.drain();
      await watch.stop();
      await Promise.all([http.stop(), grpc.stop()]);
      await stop();
    },
  };
});
