// Starts Orders: checkout over Connect and gRPC, and the providers' webhooks.
import { watchAdmission } from '../apis/orders/admission.ts';
import { heartbeatRoute } from '../apis/http/heartbeat.ts';
import { authenticatingPublicOnly } from '../apis/http/principals.ts';
import { appOf } from '../apis/http/app.ts';
import { listenApp } from '../apis/http/server.ts';
import { ordersRpc } from '../apis/orders/rpc.ts';
import { watchOrders } from '../apis/orders/watch.ts';
import { payloadCodec } from '../workflows/client/codec.ts';
import { connectTemporal } from '../workflows/client/connection.ts';
import { carrierWebhookRoute } from '../apis/orders/webhooks/carrier.ts';
import { stripeWebhookRoute } from '../apis/orders/webhooks/stripe.ts';
import { clientOf } from '../apis/rpc/client.ts';
import { listenGrpc, rpcFetch } from '../apis/rpc/server.ts';
import { mintTokens, verifyTokens } from '../apis/rpc/tokens.ts';
import { connectCassandra } from '../db/cassandra/client.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { ProductsService } from '../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { mayCall } from '../domain/permissions.ts';
import { configOf, timingsOf } from './config.ts';
import { peerTlsOf, pgAnswers, run, tlsOf } from './run.ts';
import { serviceKeys } from '../apis/rpc/service-keys.ts';

const config = configOf('orders');

const connect = (telemetry: Telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const temporal = connectTemporal(
    config.HOLDFAST_TEMPORAL_ADDRESS,
    config.HOLDFAST_TEMPORAL_NAMESPACE,
    payloadCodec(config.HOLDFAST_CODEC_KEYS),
  );
  return {
    pg,
    watch: watchOrders(pg, telemetry),
    cassandra: connectCassandra({
      contactPoint: config.HOLDFAST_CASSANDRA_CONTACT_POINT,
      datacenter: config.HOLDFAST_CASSANDRA_DATACENTER,
      keyspace: config.HOLDFAST_CASSANDRA_KEYSPACE,
      telemetry,
    }),
    products: clientOf(ProductsService, {
      url: config.HOLDFAST_PRODUCTS_URL,
      audience: 'products',
      tls: peerTlsOf(config),
      mint: mintTokens('orders', serviceKeys(config.HOLDFAST_TOKEN_KEYS, telemetry)),
      telemetry,
    }),
    temporal,
    telemetry,
    admission: watchAdmission({
      temporal,
      telemetry,
      namespace: config.HOLDFAST_TEMPORAL_NAMESPACE,
      stepsPerSecond: config.HOLDFAST_PAYMENT_STEPS_PER_SECOND,
      holdMs: config.HOLDFAST_PAYMENT_WINDOW_MS,
    }),
    ...timingsOf(config),
    disputeLookMs: config.HOLDFAST_DISPUTE_LOOK_MS,
    fraudWarnings: config.HOLDFAST_FRAUD_WARNINGS,
  };
};

await run(config, async (telemetry) => {
  const deps = connect(telemetry);
  const verify = verifyTokens('orders', serviceKeys(config.HOLDFAST_TOKEN_JWKS, telemetry));
  const service = { routes: ordersRpc(deps), verify, may: mayCall, telemetry };
  const app = appOf({
    routes: [
      heartbeatRoute,
      stripeWebhookRoute(deps, config.STRIPE_WEBHOOK_SECRETS),
      carrierWebhookRoute(deps, config.HOLDFAST_CARRIER_WEBHOOK_SECRETS),
    ],
    authenticate: authenticatingPublicOnly,
    telemetry,
    checksResponses: config.HOLDFAST_CHECK_RESPONSES,
    rpc: rpcFetch(service),
  });
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port, HOLDFAST_GRPC_PORT: grpcPort } = config;
  const http = listenApp(app, { host, port, tls: peerTlsOf(config) });
  const grpc = await listenGrpc(host, grpcPort, service, tlsOf(config));
  return {
    checks: { postgres: pgAnswers(deps.pg) },
    stop: async () => {
      deps.admission.stop();
      // Before the listeners, which wait for the calls that watch.
      await deps.watch.stop();
      await Promise.all([http.stop(), grpc.stop()]);
      await deps.temporal.close();
      await Promise.all([deps.pg.close(), deps.cassandra.close()]);
    },
  };
});
