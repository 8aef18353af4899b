// Rehearses a bad deploy: running workflows fail their tasks and lose nothing, and a rollback lets
// them continue.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { payloadCodec } from '../../workflows/client/codec.ts';
import {
  currentBuild,
  DEPLOYMENT,
  promote,
  TASK_QUEUES,
  unservedQueues,
} from '../../workflows/client/deployment.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';
import { workflowState } from '../../workflows/client/orders.ts';
import { codecKeys } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import { fulfillOrderId, paymentChanged } from '../../workflows/fulfill-order.contract.ts';
import { eventually, placeOrder, stockedWare } from '../support/journeys.ts';
import { authenticate, providerView, reached } from '../support/judges.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { needs } from '../support/stuck-orders.ts';
import { flagIfStuck } from '../../activities/recovery/workflows.ts';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import { findOrder } from '../../db/postgres/orders/orders.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { installRuntime } from '../../workflows/client/runtime.ts';

const LIMIT_MS = 240_000;
const GOOD = 'local';
const BAD = 'bad-deploy';
/** No workflow is started with them. */
const NO_TIMINGS = {
  paymentWindowMs: 0,
  guestChallengeMs: 0,
  carrierPollMs: 0,
  voidPatienceMs: 0,
};
const BAD_WORKFLOWS = resolve(import.meta.dirname, '../replay/bad-workflows.ts');
const WORKFLOWS = resolve(import.meta.dirname, '../../workflows/index.ts');
/** How long a build's workers may take to poll, in ms. */
const PATIENCE_MS = 90_000;

let shop: BreakableShop;
let connection: NativeConnection;
let client: Client;
let metrics: () => Promise<string>;
let pg: Pg;
beforeAll(async () => {
  shop = await breakableShop();
  metrics = installRuntime();
  const telemetry = createTelemetry('test', 'fatal');
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
  connection = await NativeConnection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
  client = new Client({ connection, namespace: 'holdfast', dataConverter });
}, UP_LIMIT_MS);
afterAll(async () => {
  await Promise.all([...begun].map((end) => end()));
  await connection.close();
  await pg.close();
});

const dataConverter = { payloadCodecs: [payloadCodec([codecKeys(testInstance())])] };

const QUEUES = Object.keys(TASK_QUEUES);

/** Workers of a build, whose activities do nothing. */
const workersOf = async (buildId: string, workflowsPath: string, queues = QUEUES) => {
  const logger = new DefaultLogger('WARN');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
  const made = await Promise.all(queues.map((queue) => workerOf(buildId, queue, workflowBundle)));
  const running = Promise.all(made.map((worker) => worker.run()));
  const end = async (): Promise<void> => {
    if (!begun.delete(end)) return;
    for (const worker of made) worker.shutdown();
    await running;
  };
  begun.add(end);
  return end;
};

/** The ends of workers that still run, for a test that has failed. */
const begun = new Set<() => Promise<void>>();

const workerOf = (buildId: string, taskQueue: string, workflowBundle: WorkflowBundle) =>
  Worker.create({
    connection,
    namespace: 'holdfast',
    taskQueue,
    dataConverter,
    workflowBundle,
    activities: { nothing: async () => undefined },
    workerDeploymentOptions: {
      version: { deploymentName: DEPLOYMENT, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
    reuseV8Context: true,
    maxCachedWorkflows: 10,
  });

test(
  'a build that forks fails its tasks, and nothing is lost after a rollback',
  async () => {
    const { sku } = await stockedWare(shop, 2);
    const paymentMethod = 'pm_card_authenticationRequired';
    const { body } = await placeOrder(shop, { sku, paymentMethod });
    const scenario = client.workflow.getHandle(fulfillOrderId(body.id));
    const end = await workersOf(BAD, BAD_WORKFLOWS);
    await promote(client, { buildId: BAD, from: GOOD, patienceMs: PATIENCE_MS });
    try {
      await scenario.signal(paymentChanged);
      await eventually('its task fails and is tried again', async () => {
        const { raw } = await scenario.describe();
        return (raw.pendingWorkflowTask?.attempt ?? 0) > 1 ? true : undefined;
      });
      const { events } = await scenario.fetchHistory();
      const failed = events?.find((event) => event.workflowTaskFailedEventAttributes);
      expect(failed?.workflowTaskFailedEventAttributes?.failure?.message).toContain('TMPRL1100');
      const temporal = { client: () => Promise.resolve(client) } as TemporalConnection;
      await eventually('it counts as halted', async () =>
        (await workflowState(temporal, fulfillOrderId(body.id))) === 'halted' ? true : undefined,
      );
      expect(await metrics()).toMatch(/^temporal_workflow_task_execution_failed\{.*\} [1-9]/m);
      const order = await findOrder(pg, body.id);
      if (!order) throw new Error('no such order');
      // The sweep itself is of the build that nothing polls for.
      await flagIfStuck({ pg, temporal, timings: NO_TIMINGS }, order);
      const { attentions } = await needs(shop, body.id, 'WORKFLOW_HALTED');
      expect(attentions[0]?.detail).toContain('TMPRL1100');
    } finally {
      await promote(client, { buildId: GOOD, from: BAD, patienceMs: PATIENCE_MS });
      await end();
    }
    await authenticate(shop, body.id);
    await reached(shop, body.id, 'delivered');
    await needs(shop, body.id);
    expect((await providerView(shop, body.id)).paid).toHaveLength(1);
  },
  LIMIT_MS,
);

const isDelivered = async (): Promise<void> => {
  const { sku } = await stockedWare(shop, 2);
  const { body } = await placeOrder(shop, { sku });
  await reached(shop, body.id, 'delivered');
};

const promotion = (buildId: string, from: string, patienceMs = PATIENCE_MS) =>
  promote(client, { buildId, from, patienceMs }).then(
    () => 'promoted',
    (error: unknown) => (error as Error).message,
  );

test(
  'a worker of an older build that comes and goes moves nothing',
  async () => {
    const end = await workersOf('older', WORKFLOWS);
    expect(await currentBuild(client)).toBe(GOOD);
    await end();
    expect(await currentBuild(client)).toBe(GOOD);
    await isDelivered();
    expect(await unservedQueues(client)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'a build is promoted once all of its queues are served, and from the build that is named',
  async () => {
    const endSome = await workersOf('newer', WORKFLOWS, ['orders', 'payments']);
    expect(await promotion('newer', GOOD, 1_000)).toContain('no worker of build newer polls for');
    const endRest = await workersOf(
      'newer',
      WORKFLOWS,
      QUEUES.filter((queue) => !['orders', 'payments'].includes(queue)),
    );
    expect(await promotion('newer', 'another')).toContain(`the current build is ${GOOD}`);
    expect(await promotion('newer', GOOD)).toBe('promoted');
    // The job runs again after a crash, and that of an older release runs once more.
    expect(await promotion('newer', GOOD)).toBe('promoted');
    expect(await promotion(GOOD, 'before')).toContain('the current build is newer');
    expect(await promotion(GOOD, 'newer')).toBe('promoted');
    await endSome();
    await endRest();
    await isDelivered();
  },
  LIMIT_MS,
);
