// Starts Recovery: the operators' API, and the schedules that find stuck orders.
import { connectStripe } from '../activities/providers/stripe-client.ts';
import { stripeProvider } from '../activities/providers/stripe.ts';
import { createCursors } from '../apis/http/cursors.ts';
import { appOf } from '../apis/http/app.ts';
import { listenApp } from '../apis/http/server.ts';
import { codecRoutes } from '../apis/recovery/codec.ts';
import { recoveryRoutes } from '../apis/recovery/routes.ts';
import { watchOverview } from '../apis/recovery/overview.ts';
import { putSchedules } from '../workflows/client/schedules.ts';
import { clientOf } from '../apis/rpc/client.ts';
import { payloadCodec } from '../workflows/client/codec.ts';
import { connectTemporal } from '../workflows/client/connection.ts';
import { mintTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { SCHEDULED_EVERY_MS } from '../workflows/recovery.contract.ts';
import { configOf, timingsOf } from './config.ts';
import { identityIn, peerTlsOf, pgAnswers, run } from './run.ts';
import { serviceKeys } from '../apis/rpc/service-keys.ts';

const config = configOf('recovery');

const codec = payloadCodec(config.HOLDFAST_CODEC_KEYS);

const connect = (telemetry: Telemetry) => {
  const stripe = connectStripe(config.STRIPE_SECRET_KEY, config.STRIPE_API_BASE, telemetry);
  return {
    pg: connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry }),
    temporal: connectTemporal(
      config.HOLDFAST_TEMPORAL_ADDRESS,
      config.HOLDFAST_TEMPORAL_NAMESPACE,
      codec,
    ),
    cursors: createCursors(config.HOLDFAST_CURSOR_SECRET),
    inventory: clientOf(InventoryService, {
      url: config.HOLDFAST_INVENTORY_URL,
      audience: 'inventory',
      tls: peerTlsOf(config),
      mint: mintTokens('recovery', serviceKeys(config.HOLDFAST_TOKEN_KEYS, telemetry)),
      telemetry,
    }),
    readPayment: stripeProvider(stripe).read,
    timings: timingsOf(config),
  };
};

await run(config, async (telemetry) => {
  const deps = connect(telemetry);
  const { pg, temporal } = deps;
  const uiOrigin = new URL(config.HOLDFAST_TEMPORAL_UI_URL).origin;
  const url = config.HOLDFAST_IDENTITY_URL;
  const keys = connectPostgres({ url, telemetry, connectionsMax: 2 });
  const app = appOf({
    routes: [
      ...recoveryRoutes(deps),
      ...codecRoutes(codec, uiOrigin, config.HOLDFAST_PROFILE === 'local'),
    ],
    authenticate: identityIn(keys, config.HOLDFAST_SESSION_SECRET, telemetry),
    telemetry,
    checksResponses: config.HOLDFAST_CHECK_RESPONSES,
  });
  const stopping = new AbortController();
  const timings = {
    ...SCHEDULED_EVERY_MS,
    sweepOrders: config.HOLDFAST_SWEEP_EVERY_MS,
    reconcilePayments: config.HOLDFAST_RECONCILE_EVERY_MS,
  };
  const scheduled = putSchedules(() => temporal.client(), timings, telemetry, stopping.signal);
  const overview = watchOverview(pg, temporal, telemetry);
  const { HOLDFAST_HOST: host, HOLDFAST_PORT: port } = config;
  const listener = listenApp(app, { host, port, tls: peerTlsOf(config) });
  return {
    checks: { postgres: pgAnswers(pg) },
    stop: async () => {
      stopping.abort();
      overview.stop();
      await listener.stop();
      await scheduled;
      await temporal.close();
      await Promise.all([pg.close(), keys.close()]);
    },
  };
});
