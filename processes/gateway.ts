// Starts the gateway, the public API.
import { smtpMailer } from '../activities/providers/mailer.ts';
import { createAuth } from '../apis/gateway/accounts/auth.ts';
import { createDevices } from '../apis/gateway/accounts/devices.ts';
import { startMailing } from '../apis/gateway/accounts/mails.ts';
import { createAttempts } from '../apis/gateway/limits/attempts.ts';
import { addressing } from '../apis/gateway/limits/client-address.ts';
import { gateOf } from '../apis/gateway/limits/gate.ts';
import { createSubjectLimit, createBodyLimits } from '../apis/gateway/limits/in-flight.ts';
import { limitsOf } from '../apis/gateway/limits/profiles.ts';
import { createRates } from '../apis/gateway/limits/rates.ts';
import { createConcurrencyLimits } from '../apis/gateway/limits/concurrency-limits.ts';
import { watchOrderChanges } from '../apis/gateway/order-changes.ts';
import { gatewayRoutes } from '../apis/gateway/routes.ts';
import { createOrderAccess } from '../apis/http/access.ts';
import { waitAtMost } from '../concurrency/deadline.ts';
import { startOrderTokens } from '../apis/http/credentials/order-tokens.ts';
import { cookiesOf } from '../apis/http/credentials/cookies.ts';
import { createCursors } from '../apis/http/cursors.ts';
import { appOf } from '../apis/http/app.ts';
import { listenApp } from '../apis/http/server.ts';
import { clientOf } from '../apis/rpc/client.ts';
import { peerFetch } from '../apis/rpc/peer-tls.ts';
import { mintTokens, verifyTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { connectRedis } from '../db/redis/client.ts';
import { createCartStore } from '../db/redis/carts.ts';
import { createLimitStore } from '../db/redis/limits.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { OrdersService } from '../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { ProductsService } from '../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { configOf, mailSettingsOf } from './config.ts';
import { identityIn, peerTlsOf, run } from './run.ts';
import { serviceKeys } from '../apis/rpc/service-keys.ts';

const config = configOf('gateway');
const REDIS_START_LIMIT_MS = 2_000;
/** Without Postgres the gateway still starts; tokens revoked before are refused once it is back. */
const TOKENS_START_LIMIT_MS = 2_000;
const limits = limitsOf(config.HOLDFAST_PROFILE, config.HOLDFAST_LIMITS);

const connect = (telemetry: Telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_IDENTITY_URL, telemetry });
  const tls = peerTlsOf(config);
  const mint = mintTokens('gateway', serviceKeys(config.HOLDFAST_TOKEN_KEYS, telemetry));
  const { HOLDFAST_PUBLIC_URL: publicUrl, HOLDFAST_SESSION_SECRET: sessionSecret } = config;
  const cookies = cookiesOf(publicUrl);
  const orderTokens = startOrderTokens(pg, telemetry);
  return {
    pg,
    publicKeys: serviceKeys(config.HOLDFAST_TOKEN_JWKS, telemetry),
    orders: clientOf(OrdersService, {
      url: config.HOLDFAST_ORDERS_URL,
      audience: 'orders',
      mint,
      telemetry,
      tls,
      timeoutMs: 10_000,
    }),
    inventory: clientOf(InventoryService, {
      url: config.HOLDFAST_INVENTORY_URL,
      audience: 'inventory',
      mint,
      telemetry,
      tls,
    }),
    products: clientOf(ProductsService, {
      url: config.HOLDFAST_PRODUCTS_URL,
      audience: 'products',
      mint,
      telemetry,
      tls,
    }),
    orderTokens,
    access: createOrderAccess(config.HOLDFAST_ACCESS_SECRET, orderTokens),
    cursors: createCursors(config.HOLDFAST_CURSOR_SECRET),
    auth: createAuth({ pg, secret: sessionSecret, publicUrl, telemetry }),
    mailer: smtpMailer({ ...mailSettingsOf(config), telemetry }),
    publicUrl,
    sessionSecret,
    cookies,
    devices: createDevices(sessionSecret, cookies),
    fetch: peerFetch(tls),
    productsUrl: config.HOLDFAST_PRODUCTS_URL,
    searchUrl: config.HOLDFAST_SEARCH_URL,
    ordersUrl: config.HOLDFAST_ORDERS_URL,
    recoveryUrl: config.HOLDFAST_RECOVERY_URL,
    telemetry,
  };
};

/** What keeps calls within limits. */
const guards = async (telemetry: Telemetry) => {
  const { HOLDFAST_LIMITS_REDIS_URL: limitsUrl = config.HOLDFAST_REDIS_URL } = config;
  const redis = connectRedis(limitsUrl, telemetry);
  const store = createLimitStore(redis);
  // Connects first, so that the first calls count in Redis; without Redis the gateway still starts.
  await redis.connected(REDIS_START_LIMIT_MS);
  const rates = createRates(limits.policies, store, telemetry);
  const attempts = createAttempts(limits, store, telemetry);
  const { HOLDFAST_CARTS_REDIS_URL: ownUrl, HOLDFAST_CART_LIFE_MS: lifeMs } = config;
  const cartsRedis = ownUrl ? connectRedis(ownUrl, telemetry) : redis;
  await cartsRedis.connected(REDIS_START_LIMIT_MS);
  const carts = createCartStore(cartsRedis, lifeMs);
  return {
    redis,
    cartsRedis,
    carts,
    attempts,
    gate: gateOf({
      rates,
      limits: createConcurrencyLimits(limits.atOnce, telemetry),
      addresses: createSubjectLimit(limits.atOnceByAddress),
      streams: createSubjectLimit(limits.streamsByAddress, 'timelines of this address'),
      uploads: createSubjectLimit(limits.uploadsByStore, 'uploads of this store'),
      bodies: createBodyLimits(telemetry),
    }),
  };
};

await run(config, async (telemetry, draining) => {
  const { redis, cartsRedis, carts, gate, attempts } = await guards(telemetry);
  const connected = connect(telemetry);
  const changes = watchOrderChanges({ ...connected, draining });
  const deps = { ...connected, carts, attempts, changes, units: limits.units, draining };
  const { pg, sessionSecret, cookies } = deps;
  const isSecure = deps.publicUrl.startsWith('https:');
  await waitAtMost(deps.orderTokens.ready, TOKENS_START_LIMIT_MS);
  const mailing = startMailing(deps);
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port, HOLDFAST_TRUSTED_PROXIES: count } = config;
  const app = appOf({
    routes: gatewayRoutes(deps),
    authenticate: identityIn(pg, sessionSecret, telemetry, cookies),
    telemetry,
    gate,
    front: { corsOrigins: config.HOLDFAST_CORS_ORIGINS, isSecure, draining },
    checksResponses: config.HOLDFAST_CHECK_RESPONSES,
  });
  const addressOf = addressing(
    { count, networks: config.HOLDFAST_TRUSTED_PROXY_NETWORKS },
    verifyTokens('gateway', deps.publicKeys),
  );
  const listener = listenApp(app, { host, port, addressOf });
  return {
    checks: {},
    stop: async () => {
      await Promise.all([listener.stop(), mailing.stop(), changes.stop()]);
      deps.orderTokens.stop();
      await pg.close();
      redis.close();
      cartsRedis.close();
    },
  };
});
