// Measures an order until delivery against an empty workflow of the same shape, and the latency of
// checkout.
import { resolve } from 'node:path';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { payloadCodec } from '../../workflows/client/codec.ts';
import { codecKeys, publicEnvironment } from '../../ops/environment.ts';
import { ROOT, type Instance } from '../../ops/instance.ts';
import { call } from '../../ops/sample/load.ts';
import { runningOf } from '../../ops/supervise.ts';
import { fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import { compare, quantile, type Figures, type Plan } from '../method.ts';
import { emptyWorkflow, untilConfirmed } from './empty-workflow.ts';
import { EMPTY_QUEUE } from './empty-worker.ts';
import { placeOrder } from './placing.ts';

const UNITS = 1_000_000;
const SLICE_ORDERS = 40;
/** Few enough that each response has its payment decided (201) and none is late (202). */
const IN_FLIGHT = 4;
const ANSWERS = 60;

const shoppingAt = async (env: Record<string, string>) => {
  const gatewayUrl = env['GATEWAY_URL'] ?? '';
  const shop = { gatewayUrl, storeKey: env['STORE_KEY'] ?? '' };
  const made = (await call(shop, 'POST', '/product', { name: 'Bench', price: 1 })) as {
    id: string;
    variants: { sku: string }[];
  };
  await call(shop, 'PUT', `/product/${made.id}/stock`, { quantity: UNITS });
  const sku = made.variants[0]?.sku ?? '';
  /** Returns the new order's id once its payment is decided. */
  return async (): Promise<string> => {
    const { status, id } = await placeOrder(gatewayUrl, sku);
    if (status !== 201) throw new Error(`an order answered ${status}`);
    return id;
  };
};

interface Bench {
  client: Client;
  placeOne: () => Promise<string>;
}

const withBench = async <T>(instance: Instance, work: (bench: Bench) => Promise<T>) => {
  const env = await publicEnvironment(instance);
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  const dataConverter = { payloadCodecs: [payloadCodec([codecKeys(instance)])] };
  const client = new Client({ connection, namespace: 'holdfast', dataConverter });
  try {
    return await work({ client, placeOne: await shoppingAt(env) });
  } finally {
    await connection.close();
  }
};

const runEmptyWorkflow = async ({ workflow }: Client): Promise<void> => {
  const startWorkflowOperation = new WithStartWorkflowOperation(emptyWorkflow, {
    workflowId: `bench/${crypto.randomUUID()}`,
    taskQueue: EMPTY_QUEUE,
    workflowIdConflictPolicy: 'FAIL',
  });
  await workflow.executeUpdateWithStart(untilConfirmed, { startWorkflowOperation });
  await (await startWorkflowOperation.workflowHandle()).result();
};

/** CPU of Temporal and of the worker: an order against an empty workflow of the same shape. */
const measureWorkflow = (instance: Instance, plan: Plan): Promise<Figures> =>
  withBench(instance, async ({ client, placeOne }) => {
    const pidOf = (name: string): number => runningOf(instance, name)?.pid ?? 0;
    const address = (await publicEnvironment(instance))['TEMPORAL_ADDRESS'] ?? '';
    const entry = resolve(ROOT, 'bench', 'orders', 'empty-worker.ts');
    const worker = Bun.spawn([process.execPath, entry, address], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    try {
      return await compare(
        { pids: () => [worker.pid, pidOf('temporal')], operation: () => runEmptyWorkflow(client) },
        {
          pids: () => [pidOf('worker'), pidOf('temporal')],
          operation: async () => {
            const id = await placeOne();
            await client.workflow.getHandle(fulfillOrderId(id)).result();
          },
        },
        { ...plan, operations: SLICE_ORDERS, inFlight: IN_FLIGHT },
      );
    } finally {
      worker.kill();
      await worker.exited;
    }
  });

/** One order at a time: the latency of checkout as a share of the time until delivery. */
export const checkoutAnswer = (instance: Instance): Promise<string> =>
  withBench(instance, async ({ client, placeOne }) => {
    const shares: number[] = [];
    const answers: number[] = [];
    for (let n = 0; n < ANSWERS; n++) {
      const startedAt = performance.now();
      const id = await placeOne();
      const answeredAt = performance.now();
      await client.workflow.getHandle(fulfillOrderId(id)).result();
      answers.push(answeredAt - startedAt);
      shares.push((answeredAt - startedAt) / (performance.now() - startedAt));
    }
    const ms = (at: number): string => quantile(answers, at).toFixed(0);
    const share = quantile(shares, 0.5).toFixed(3);
    return `answered in ${ms(0.5)} ms (p95 ${ms(0.95)}), ${share} of the whole; aim 0.35`;
  });

export const orderWorkflow = { aim: 0.85, measure: measureWorkflow };
