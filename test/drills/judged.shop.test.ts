// Judges the exhaustion kit: walks take the same course at the real Temporal server.
// Left out are walks in which an activity fails for its whole time at the server (15 minutes to a
// month; 20 s of a payment are in), a message comes while a local activity runs (the server delivers
// it only when that takes seconds), timers take longer than one poll of the payment, or race.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { createLimiter } from '../../concurrency/limiter.ts';
import {
  NEEDS_ATTENTION,
  ORDER_STATUS,
  ORDERS_QUEUE,
  STORE_ID,
} from '../../workflows/fulfill-order.contract.ts';
import { eventually } from '../support/journeys.ts';
import type { PlantedLine } from '../support/planted-line.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';
import type { Prediction } from '../exhaustion/predict.ts';
import { notKnown, orderIdOf, RealOrder } from '../exhaustion/real.ts';
import { ORDER_MODEL } from '../exhaustion/models/order.ts';

/** Thirty seconds on an idle machine; on a busy one nothing but the time is different. */
const LIMIT_MS = 300_000;
const PROGRAM = resolve(import.meta.dirname, '../exhaustion/predict.ts');
const WORKFLOWS = resolve(import.meta.dirname, '../../workflows/index.ts');
/** The shop's own workers take no task of it. */
const NAMESPACE = 'judged';
const RETENTION = '1 day';
const QUEUES = [ORDERS_QUEUE, 'payments', 'fulfillment', 'looks', 'notifications'];
const WALKS = 50;
/** A script in which all goes well. */
const USUAL = '0';
/** A script that `main.ts` has printed; it is judged alone. */
const GIVEN = process.env['HOLDFAST_WALK'] ?? '';

const orders = new Map<string, RealOrder>();
let connection: NativeConnection;
let client: Client;
let workers: Worker[] = [];
let running: Promise<unknown>;

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_BOOL } =
  temporal.api.enums.v1.IndexedValueType;

const isThere = (work: Promise<unknown>): Promise<true | undefined> =>
  work.then(
    () => true as const,
    () => undefined,
  );

/** Each process of the server takes some seconds to know a new namespace. */
const openNamespace = async (): Promise<void> => {
  const workflowExecutionRetentionPeriod = msToTs(RETENTION);
  await client.workflowService
    .registerNamespace({ namespace: NAMESPACE, workflowExecutionRetentionPeriod })
    .catch((error: unknown) => {
      if (!String(error).includes('already')) throw error;
    });
  const searchAttributes = {
    [ORDER_STATUS.name]: INDEXED_VALUE_TYPE_KEYWORD,
    [STORE_ID.name]: INDEXED_VALUE_TYPE_KEYWORD,
    [NEEDS_ATTENTION.name]: INDEXED_VALUE_TYPE_BOOL,
  };
  const { operatorService } = connection;
  await eventually('the namespace takes search attributes', () =>
    isThere(operatorService.addSearchAttributes({ namespace: NAMESPACE, searchAttributes })),
  );
  await eventually('the namespace is in use', () =>
    isThere(client.workflow.count(`${NEEDS_ATTENTION.name} = true`)),
  );
};

const act = (input: object): Promise<unknown> => {
  const orderId = orderIdOf();
  const order = orders.get(orderId);
  if (!order) throw notKnown(orderId);
  return order.activity(input);
};
const activities = Object.fromEntries(
  Object.keys(ORDER_MODEL.activities).map((name) => [name, act]),
);

beforeAll(async () => {
  const { env } = await openShop();
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
  connection = await NativeConnection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  client = new Client({ connection, namespace: NAMESPACE });
  await openNamespace();
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    logger: new DefaultLogger('WARN'),
  });
  workers = await Promise.all(
    QUEUES.map((taskQueue) =>
      Worker.create({
        connection,
        namespace: NAMESPACE,
        taskQueue,
        activities,
        ...(taskQueue === ORDERS_QUEUE && { workflowBundle }),
        reuseV8Context: true,
        maxCachedWorkflows: 2 * WALKS,
        maxHeartbeatThrottleInterval: 100,
        defaultHeartbeatThrottleInterval: 100,
      }),
    ),
  );
  running = Promise.all(workers.map((worker) => worker.run()));
}, UP_LIMIT_MS);
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await running;
  await connection.close();
});

/** What the kit says; a process of its own has the stand-in for Temporal's module. */
const predicted = async (count: number, script: string, planted = ''): Promise<Prediction> => {
  const command = [process.execPath, PROGRAM, String(count), script, planted];
  const child = Bun.spawn(command, { stderr: 'inherit' });
  return (await new Response(child.stdout).json()) as Prediction;
};

/** Walks at the same time: more of them would delay each other's steps on a busy machine. */
const AT_ONCE = 12;

/** The walks that differ at the real server. */
const differencesOf = async ({ walks }: Prediction): Promise<string[]> => {
  const limiter = createLimiter({ runningMax: AT_ONCE });
  const judged = await Promise.all(
    walks.map(async (walk) => {
      const order = new RealOrder(client, walk);
      orders.set(order.orderId, order);
      const differences = await limiter.run(() => order.judge());
      if (differences.length === 0) return [];
      return [[...differences, `HOLDFAST_WALK=${walk.script.join()}`].join('\n')];
    }),
  );
  return judged.flat();
};

describe('an order in virtual time', () => {
  test(
    'takes the course that it takes at the real server',
    async () => {
      const prediction = await predicted(WALKS, GIVEN);
      const { walks, candidates, leftOut, covered, known } = prediction;
      console.log(
        `${walks.length} of ${candidates} walks, ${covered} of ${known} choices; left out:`,
      );
      for (const [why, count] of Object.entries(leftOut)) console.log(`  ${count}: ${why}`);
      expect(walks).not.toBeEmpty();
      expect(await differencesOf(prediction)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'is found to differ when its workflow makes one call less',
    async () => {
      const right = "mail(state, 'confirmed');";
      const planted: PlantedLine = { file: 'workflows/fulfill-order.ts', right, wrong: '' };
      const [difference] = await differencesOf(await predicted(1, USUAL, JSON.stringify(planted)));
      expect(difference).toStartWith('notifyShopper {"');
    },
    LIMIT_MS,
  );
});
