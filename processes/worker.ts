// Starts the worker: the stories and their hands, every queue or those it is told.
import { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import {
  disputeActivities,
  fulfillmentActivities,
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
import { stripeAftercare } from '../activities/providers/stripe-aftercare.ts';
import { connectStripe } from '../activities/providers/stripe-client.ts';
import { stripeProvider } from '../activities/providers/stripe.ts';
import { translatingRefusals } from '../activities/refusals.ts';
import { clientOf } from '../apis/rpc/client.ts';
import { mintTokens } from '../apis/rpc/tokens.ts';
import { connectPostgres, type Pg } from '../db/postgres/client.ts';
import { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { FULFILL_ORDER, storyOptions } from '../workflows/fulfill-order.contract.ts';
import { configOf } from './config.ts';
import { pgAnswers, run } from './run.ts';

const config = configOf(
  'HOLDFAST_POSTGRES_URL',
  'HOLDFAST_TEMPORAL_ADDRESS',
  'HOLDFAST_TEMPORAL_NAMESPACE',
  'HOLDFAST_INVENTORY_URL',
  'HOLDFAST_TOKEN_SECRETS',
  'STRIPE_SECRET_KEY',
  'STRIPE_API_BASE',
  'HOLDFAST_CARRIER_URL',
  'HOLDFAST_SMTP_URL',
  'HOLDFAST_MAIL_FROM',
  'HOLDFAST_PAYMENT_WINDOW_MS',
  'HOLDFAST_CARRIER_POLL_MS',
  'HOLDFAST_PAYMENT_STEPS_PER_SECOND',
  'HOLDFAST_SWEEP_AFTER_MS',
  'HOLDFAST_TASK_QUEUES',
);

/** Workflows kept in memory between tasks; the default is computed from V8 figures Bun lacks. */
const CACHED_WORKFLOWS_MAX = 2_000;
/** Shorter than the process' own drain, so that a stop is orderly. */
const SHUTDOWN_GRACE = '5 seconds';
const SHUTDOWN_FORCE = '8 seconds';
const WORKFLOWS = new URL('../workflows/index.ts', import.meta.url).pathname;

const startOrderWith = (client: Client) => async (order: Parameters<typeof storyOptions>[0]) => {
  const pace = {
    paymentWindowMs: config.HOLDFAST_PAYMENT_WINDOW_MS,
    carrierPollMs: config.HOLDFAST_CARRIER_POLL_MS,
  };
  await client.workflow.start(FULFILL_ORDER, storyOptions(order, pace)).catch((error: unknown) => {
    // Closed already: its ending is in Postgres or about to be.
    if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') {
      throw error;
    }
  });
};

/** The activities of each queue; a queue with workflows has `true`. */
const queuesOf = (pg: Pg, client: Client, telemetry: Telemetry) => {
  const inventory = clientOf(InventoryService, {
    url: config.HOLDFAST_INVENTORY_URL,
    audience: 'inventory',
    mint: mintTokens('worker', config.HOLDFAST_TOKEN_SECRETS),
    telemetry,
  });
  const { STRIPE_SECRET_KEY, STRIPE_API_BASE, HOLDFAST_SMTP_URL, HOLDFAST_MAIL_FROM } = config;
  const connection = connectStripe(STRIPE_SECRET_KEY, STRIPE_API_BASE, telemetry);
  const aftercare = stripeAftercare(connection);
  const money = { pg, provider: stripeProvider(connection), aftercare };
  const carrier = httpCarrier(config.HOLDFAST_CARRIER_URL, telemetry);
  const mailer = smtpMailer(HOLDFAST_SMTP_URL, HOLDFAST_MAIL_FROM, telemetry);
  const sweepAfterMs = config.HOLDFAST_SWEEP_AFTER_MS;
  return {
    orders: { stories: true, hands: { ...orderActivities(pg), ...stockActivities(inventory) } },
    payments: {
      stories: false,
      hands: {
        ...paymentActivities(money),
        ...refundActivities(money),
        ...disputeActivities(pg, aftercare),
      },
    },
    fulfillment: {
      stories: false,
      hands: {
        ...fulfillmentActivities({ pg, carrier, inventory }),
        ...returnActivities(pg, carrier),
      },
    },
    notifications: { stories: false, hands: notificationActivities(pg, mailer) },
    recovery: {
      stories: true,
      hands: recoveryActivities(pg, startOrderWith(client), sweepAfterMs),
    },
  };
};

await run(config, async (telemetry) => {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('WARN') });
  const { HOLDFAST_TEMPORAL_ADDRESS: address, HOLDFAST_TEMPORAL_NAMESPACE: namespace } = config;
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: WORKFLOWS });
  const wanted = config.HOLDFAST_TASK_QUEUES;
  // The server keeps to it across every worker of the queue.
  const maxTaskQueueActivitiesPerSecond = config.HOLDFAST_PAYMENT_STEPS_PER_SECOND;
  const queues = Object.entries(queuesOf(pg, client, telemetry));
  const workers = await Promise.all(
    queues
      .filter(([taskQueue]) => !wanted || wanted.includes(taskQueue))
      .map(([taskQueue, { stories, hands }]) =>
        Worker.create({
          connection,
          namespace,
          taskQueue,
          activities: hands,
          ...(stories && { workflowBundle }),
          ...(taskQueue === 'payments' && { maxTaskQueueActivitiesPerSecond }),
          reuseV8Context: true,
          maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
          shutdownGraceTime: SHUTDOWN_GRACE,
          shutdownForceTime: SHUTDOWN_FORCE,
          interceptors: { activity: [translatingRefusals(telemetry)] },
        }),
      ),
  );
  const running = Promise.all(workers.map((worker) => worker.run()));
  running.catch((error: unknown) => {
    telemetry.log.error('worker failed', error);
    process.exit(1);
  });
  return {
    checks: {
      postgres: pgAnswers(pg),
      temporal: async () => {
        const states = workers.map((worker) => worker.getState());
        if (states.some((state) => state !== 'RUNNING')) throw new Error(states.join());
      },
    },
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      await connection.close();
      await pg.close();
    },
  };
});
