// Reads the history of an order's workflow at Temporal.
import { Client, Connection } from '@temporalio/client';
import { codecKeys } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import { payloadCodec } from '../../workflows/client/codec.ts';
import { fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import type { Shop } from '../support/shop.ts';

export const connectHistories = async ({ env }: Shop) => {
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  const dataConverter = { payloadCodecs: [payloadCodec([codecKeys(testInstance())])] };
  const client = new Client({ connection, namespace: 'holdfast', dataConverter });
  const workflowOf = (orderId: string) => client.workflow.getHandle(fulfillOrderId(orderId));
  return {
    /** The status that the workflow ended with. */
    resultOf: (orderId: string): Promise<unknown> => workflowOf(orderId).result(),
    /** Its events so far. */
    eventsOf: async (orderId: string) => (await workflowOf(orderId).fetchHistory()).events ?? [],
    close: () => connection.close(),
  };
};

export type Histories = Awaited<ReturnType<typeof connectHistories>>;
