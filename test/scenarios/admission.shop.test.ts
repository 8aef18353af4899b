// Tests the admission check on a real queue: it refuses while payments would outlast a hold.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { watchAdmission, type Admission } from '../../apis/orders/admission.ts';
import { DomainError } from '../../domain/errors.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { eventually } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { crowd } from './crowd.ts';

const LIMIT_MS = 60_000;
/** No worker polls this queue, and no order waits in it. */
const NAMESPACE = 'default';
const STEPS = 40;
/** Forty steps take 20 s at this rate: longer than a third of this hold. */
const PACE = { stepsPerSecond: 2, holdMs: 45_000 };

let shop: Shop;
let connection: NativeConnection;
let client: Client;
let admission: Admission;
beforeAll(async () => {
  shop = await openShop();
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  connection = await NativeConnection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
  client = new Client({ connection, namespace: NAMESPACE });
  admission = watchAdmission({
    temporal: { client: async () => client, close: async () => undefined },
    telemetry: createTelemetry('test', 'silent'),
    namespace: NAMESPACE,
    ...PACE,
  });
}, UP_LIMIT_MS);
afterAll(async () => {
  admission.stop();
  await connection.close();
});

const refusal = (): DomainError | undefined => {
  try {
    admission.assertOpen();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
};

test(
  'a queue too long for a hold refuses checkouts with Retry-After',
  async () => {
    expect(refusal()).toBeUndefined();
    const worker = await Worker.create({
      connection,
      namespace: NAMESPACE,
      taskQueue: 'crowd',
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: resolve(import.meta.dirname, 'crowd.ts'),
        logger: new DefaultLogger('WARN'),
      }),
      reuseV8Context: true,
      maxCachedWorkflows: 10,
    });
    await worker.runUntil(async () => {
      const workflowId = `crowd/${crypto.randomUUID()}`;
      const scenario = await client.workflow.start(crowd, {
        ...{ taskQueue: 'crowd', workflowId, args: [STEPS] },
      });
      try {
        const { code, retryAfterSeconds } = await eventually('checkouts are refused', async () =>
          refusal(),
        );
        expect(code).toBe('UNAVAILABLE');
        expect(retryAfterSeconds).toBeGreaterThan(0);
      } finally {
        await scenario.terminate('the test is over');
      }
    });
  },
  LIMIT_MS,
);
