// An order from checkout to doorstep against an empty story of the same shape, and how soon the
// shopper is answered.
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
/** So few that each is answered with its payment decided (201), and not for being late (202). */
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
  /** Answers the new order's id once its payment is decided. */
  return async (): Promise<string> => {
    const { status, id } = await placeOrder(gatewayUrl, sku);
    if (status !== 201) throw new Error(`an order answered ${status}`);
    return id;
  };
};

interface Bench {
  client: Client;
  place: () => Promise<string>;
}

const withBench = async <T>(instance: Instance, work: (bench: Bench) => Promise<T>) => {
  const env = await publicEnvironment(instance);
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  const dataConverter = { payloadCodecs: [payloadCodec([codecKeys(instance)])] };
  const client = new Client({ connection, namespace: 'holdfast', dataConverter });
  try {
    return await work({ client, place: await shoppingAt(env) });
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

/** Temporal's CPU and the worker's, an order against an empty story of the same shape. */
const measureWorkflow = (instance: Instance, plan: Plan): Promise<Figures> =>
  withBench(instance, async ({ client, place }) => {
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
            const id = await place();
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

/** One order at a time: how long until the shopper is answered, of how long until the doorstep. */
export const checkoutAnswer = (instance: Instance): Promise<string> =>
  withBench(instance, async ({ client, place }) => {
    const shares: number[] = [];
    const answers: number[] = [];
    for (let n = 0; n < ANSWERS; n++) {
      const startedAt = performance.now();
      const id = await place();
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
