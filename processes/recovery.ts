// Starts Recovery: the operators' door and the schedules that find what is stuck.
import { heartbeatRoute } from '../apis/http/heartbeat.ts';
import { authenticateByKey } from '../apis/http/principals.ts';
import { appOf } from '../apis/http/routes.ts';
import { listen } from '../apis/http/server.ts';
import { overviewRoute } from '../apis/recovery/overview.ts';
import { putSchedules } from '../apis/recovery/schedules.ts';
import { lazyTemporal } from '../apis/rpc/temporal.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { configOf } from './config.ts';
import { findKeyIn, pgAnswers, run } from './run.ts';

const config = configOf(
  'HOLDFAST_PORT',
  'HOLDFAST_POSTGRES_URL',
  'HOLDFAST_IDENTITY_URL',
  'HOLDFAST_TEMPORAL_ADDRESS',
  'HOLDFAST_TEMPORAL_NAMESPACE',
  'HOLDFAST_SWEEP_EVERY_MS',
);

await run(config, async (telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const keys = connectPostgres({
    url: config.HOLDFAST_IDENTITY_URL,
    telemetry,
    connectionsMax: 2,
  });
  const temporal = lazyTemporal(
    config.HOLDFAST_TEMPORAL_ADDRESS,
    config.HOLDFAST_TEMPORAL_NAMESPACE,
  );
  const app = appOf({
    routes: [heartbeatRoute, overviewRoute(pg)],
    authenticate: authenticateByKey(findKeyIn(keys)),
    telemetry,
  });
  const stopping = new AbortController();
  const scheduled = putSchedules(
    () => temporal.client(),
    config.HOLDFAST_SWEEP_EVERY_MS,
    telemetry,
    stopping.signal,
  );
  const listener = listen(config.HOLDFAST_HOST, config.HOLDFAST_PORT, (request) =>
    app.fetch(request),
  );
  return {
    checks: { postgres: pgAnswers(pg) },
    stop: async () => {
      stopping.abort();
      await listener.stop();
      await scheduled;
      await temporal.close();
      await Promise.all([pg.close(), keys.close()]);
    },
  };
});
