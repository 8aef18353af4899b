// Starts the worker: workflows and activities of all task queues, or of the configured ones.
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import {
  disputeActivities,
  fulfillmentActivities,
  importActivities,
  notificationActivities,
  orderActivities,
  paymentActivities,
  recoveryActivities,
  refundActivities,
  returnActivities,
  stockActivities,
} from '../activities/index.ts';
import { httpCarrier } from '../activities/providers/carrier.ts';
import { smtpMailer } from '../activities/providers/mailer.ts';
import { stripeRefundsAndDisputes } from '../activities/providers/stripe-refunds-and-disputes.ts';
import { stripeLedger } from '../activities/providers/stripe-ledger.ts';
import { connectStripe } from '../activities/providers/stripe-client.ts';
import { stripeProvider } from '../activities/providers/stripe.ts';
import { translatingRefusals } from '../activities/refusals.ts';
import { payloadCodec } from '../workflows/client/codec.ts';
import { clientOf } from '../apis/rpc/client.ts';
import {
  DEPLOYMENT,
  TASK_QUEUES,
  unservedQueues,
  type TaskQueue,
} from '../workflows/client/deployment.ts';
import { mintTokens } from '../apis/rpc/tokens.ts';
import { connectCassandra, type Cassandra } from '../db/cassandra/client.ts';
import { ageOfSearch } from '../db/cassandra/progress.ts';
import { connectPostgres, type Pg } from '../db/postgres/client.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { installRuntime } from '../workflows/client/runtime.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { configOf, mailSettingsOf, timingsOf } from './config.ts';
import { peerTlsOf, pgAnswers, run } from './run.ts';
import { serviceKeys } from '../apis/rpc/service-keys.ts';

const config = configOf('worker');

/** Workflows cached in memory between tasks; the default is computed from V8 figures Bun lacks. */
const CACHED_WORKFLOWS_MAX = 2_000;
/** Shorter than the process' own drain, so that a stop is orderly. */
const SHUTDOWN_GRACE = '5 seconds';
const SHUTDOWN_FORCE = '8 seconds';
/** How long the look at the current build's queues is remembered. */
const UNSERVED_FOR_MS = 10_000;
const WORKFLOWS = new URL('../workflows/index.ts', import.meta.url).pathname;

interface Deps {
  pg: Pg;
  catalogue: Pg;
  cassandra: Cassandra;
  client: Client;
  telemetry: Telemetry;
}

const connectProviders = ({ telemetry }: Deps) => {
  const { STRIPE_SECRET_KEY, STRIPE_API_BASE } = config;
  const stripe = connectStripe(STRIPE_SECRET_KEY, STRIPE_API_BASE, telemetry);
  return {
    provider: stripeProvider(stripe),
    afterCapture: stripeRefundsAndDisputes(stripe),
    providerLedger: stripeLedger(stripe),
    carrier: httpCarrier(config.HOLDFAST_CARRIER_URL, telemetry),
    mailer: smtpMailer({ ...mailSettingsOf(config), telemetry }),
    inventory: clientOf(InventoryService, {
      url: config.HOLDFAST_INVENTORY_URL,
      audience: 'inventory',
      tls: peerTlsOf(config),
      mint: mintTokens('worker', serviceKeys(config.HOLDFAST_TOKEN_KEYS, telemetry)),
      telemetry,
    }),
  };
};
type Providers = ReturnType<typeof connectProviders>;

const recoveryOf = (deps: Deps, { provider, providerLedger, inventory }: Providers) => {
  const { client } = deps;
  return recoveryActivities({
    ...deps,
    provider,
    providerLedger,
    inventory,
    temporal: { client: async () => client, close: async () => undefined },
    timings: timingsOf(config),
    disputeLookMs: config.HOLDFAST_DISPUTE_LOOK_MS,
    fraudWarnings: config.HOLDFAST_FRAUD_WARNINGS,
    olderThanMs: config.HOLDFAST_SWEEP_AFTER_MS,
    settledMs: config.HOLDFAST_RECONCILE_AFTER_MS,
  });
};

/** The activities of each queue. */
const activitiesOf = (deps: Deps): Record<TaskQueue, object> => {
  const { pg } = deps;
  const providers = connectProviders(deps);
  const { provider, afterCapture, carrier, mailer, inventory } = providers;
  const stock = stockActivities(inventory);
  const refundPollMs = config.HOLDFAST_CARRIER_POLL_MS;
  const money = { pg, provider, afterCapture, refundPollMs, extendHold: stock.extendHold };
  const evidenceBy = config.HOLDFAST_DISPUTE_EVIDENCE;
  const disputes = disputeActivities({ pg, afterCapture, evidenceBy });
  const searchAgeMs = ageOfSearch(deps.cassandra);
  const afterPayment = {
    ...fulfillmentActivities({ pg, carrier, inventory }),
    ...returnActivities(pg, carrier),
    ...disputes,
    ...refundActivities(money),
  };
  const importing = { pg: deps.catalogue, inventory, searchAgeMs };
  return {
    orders: { ...orderActivities(pg), ...stock },
    payments: {
      ...paymentActivities(money),
      ...refundActivities(money),
      ...disputes,
    },
    fulfillment: afterPayment,
    looks: afterPayment,
    notifications: notificationActivities(pg, mailer),
    imports: importActivities(importing),
    recovery: recoveryOf(deps, providers),
  };
};

const dataConverter = { payloadCodecs: [payloadCodec(config.HOLDFAST_CODEC_KEYS)] };
/** Running workflows move to the newest build, which replays histories of older ones. */
const workerDeploymentOptions = {
  version: { deploymentName: DEPLOYMENT, buildId: config.HOLDFAST_BUILD_ID },
  useWorkerVersioning: true as const,
  defaultVersioningBehavior: 'AUTO_UPGRADE' as const,
};

const createWorkers = async (connection: NativeConnection, deps: Deps): Promise<Worker[]> => {
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: WORKFLOWS });
  const wanted = config.HOLDFAST_TASK_QUEUES;
  // The server enforces it across every worker of the queue.
  const maxTaskQueueActivitiesPerSecond = config.HOLDFAST_PAYMENT_STEPS_PER_SECOND;
  const activities = activitiesOf(deps);
  const queues = Object.keys(TASK_QUEUES) as TaskQueue[];
  return Promise.all(
    queues
      .filter((taskQueue) => !wanted || wanted.includes(taskQueue))
      .map((taskQueue) =>
        Worker.create({
          connection,
          namespace: config.HOLDFAST_TEMPORAL_NAMESPACE,
          taskQueue,
          activities: activities[taskQueue],
          dataConverter,
          workerDeploymentOptions,
          ...(TASK_QUEUES[taskQueue].hasWorkflows && { workflowBundle }),
          ...(taskQueue === 'payments' && { maxTaskQueueActivitiesPerSecond }),
          reuseV8Context: true,
          maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
          shutdownGraceTime: SHUTDOWN_GRACE,
          shutdownForceTime: SHUTDOWN_FORCE,
          interceptors: {
            activity: [translatingRefusals(deps.telemetry, config.HOLDFAST_CHECK_RESPONSES)],
          },
        }),
      ),
  );
};

/** A check that asks again only after `lifeMs`: readiness is read often. */
const remembered = (lifeMs: number, check: () => Promise<void>): (() => Promise<void>) => {
  let last = { atMs: 0, result: Promise.resolve() };
  return () => {
    if (Date.now() - last.atMs > lifeMs) last = { atMs: Date.now(), result: check() };
    return last.result;
  };
};

await run(config, async (telemetry) => {
  const moreMetrics = installRuntime();
  const { HOLDFAST_TEMPORAL_ADDRESS: address, HOLDFAST_TEMPORAL_NAMESPACE: namespace } = config;
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const cassandra = connectCassandra({
    contactPoint: config.HOLDFAST_CASSANDRA_CONTACT_POINT,
    datacenter: config.HOLDFAST_CASSANDRA_DATACENTER,
    keyspace: config.HOLDFAST_CASSANDRA_KEYSPACE,
    telemetry,
  });
  const catalogue = connectPostgres({ url: config.HOLDFAST_CATALOGUE_URL, telemetry });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace, dataConverter });
  const deps = { pg, catalogue, cassandra, client, telemetry };
  const workers = await createWorkers(connection, deps);
  const running = Promise.all(workers.map((worker) => worker.run()));
  running.catch((error: unknown) => {
    telemetry.log.error('worker failed', error);
    process.exit(1);
  });
  return {
    moreMetrics,
    checks: {
      postgres: pgAnswers(pg),
      temporal: async () => {
        const states = workers.map((worker) => worker.getState());
        if (states.some((state) => state !== 'RUNNING')) throw new Error(states.join());
      },
      'current build': remembered(UNSERVED_FOR_MS, async () => {
        const queues = await unservedQueues(client);
        if (queues.length > 0) throw new Error(`nobody serves ${queues.join(', ')}`);
      }),
    },
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      await connection.close();
      await Promise.all([pg.close(), catalogue.close(), cassandra.close()]);
    },
  };
});
