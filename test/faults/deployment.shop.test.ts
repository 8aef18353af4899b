// Rehearses a bad deploy: running workflows fail their tasks and lose nothing, and a rollback lets
// them continue.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { payloadCodec } from '../../workflows/client/codec.ts';
import { DEPLOYMENT, makeCurrent } from '../../workflows/client/deployment.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';
import { workflowState } from '../../workflows/client/orders.ts';
import { codecKeys } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import {
  fulfillOrderId,
  ORDERS_QUEUE,
  paymentChanged,
} from '../../workflows/fulfill-order.contract.ts';
import { eventually, placeOrder, stockedWare } from '../support/journeys.ts';
import { authenticate, providerView, reached } from '../support/judges.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { needs } from '../support/stuck-orders.ts';
import { flagIfStuck } from '../../activities/recovery/recovery.ts';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import { findOrder } from '../../db/postgres/orders/orders.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { installRuntime } from '../../telemetry/temporal.ts';

const LIMIT_MS = 120_000;
const GOOD = 'local';
const BAD = 'bad-deploy';
/** No workflow is started with them. */
const NO_TIMINGS = { paymentWindowMs: 0, carrierPollMs: 0, voidPatienceMs: 0 };
const WORKFLOWS = resolve(import.meta.dirname, '../replay/bad-workflows.ts');

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
  await connection.close();
  await pg.close();
});

const dataConverter = { payloadCodecs: [payloadCodec([codecKeys(testInstance())])] };

/** A worker whose workflows take their steps in another order, and which has no activities. */
const badWorker = async (): Promise<Worker> =>
  Worker.create({
    connection,
    namespace: 'holdfast',
    taskQueue: ORDERS_QUEUE,
    dataConverter,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: WORKFLOWS,
      logger: new DefaultLogger('WARN'),
    }),
    workerDeploymentOptions: {
      version: { deploymentName: DEPLOYMENT, buildId: BAD },
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
    const worker = await badWorker();
    const running = worker.run();
    await makeCurrent(client, 'holdfast', BAD);
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
        (await workflowState(temporal, body.id)) === 'halted' ? true : undefined,
      );
      expect(await metrics()).toMatch(/^temporal_workflow_task_execution_failed\{.*\} [1-9]/m);
      const order = await findOrder(pg, body.id);
      if (!order) throw new Error('no such order');
      // The sweep itself is of the build that nothing polls for.
      await flagIfStuck({ pg, temporal, timings: NO_TIMINGS }, order);
      const { attentions } = await needs(shop, body.id, 'WORKFLOW_HALTED');
      expect(attentions[0]?.detail).toContain('TMPRL1100');
    } finally {
      await makeCurrent(client, 'holdfast', GOOD);
      worker.shutdown();
      await running;
    }
    await authenticate(shop, body.id);
    await reached(shop, body.id, 'delivered');
    await needs(shop, body.id);
    expect((await providerView(shop, body.id)).paid).toHaveLength(1);
  },
  LIMIT_MS,
);
