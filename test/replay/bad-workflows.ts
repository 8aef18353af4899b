// A workflow with its steps in a wrong order, for the rehearsal of a bad deploy. Never deployed.
import { proxyActivities } from '@temporalio/workflow';
import type { FulfillOrderInput } from '../../workflows/fulfill-order.contract.ts';

const { authorizePayment } = proxyActivities<{ authorizePayment(request: object): Promise<void> }>({
  taskQueue: 'payments',
  startToCloseTimeout: '15 seconds',
});

export async function fulfillOrder({ orderId, storeId }: FulfillOrderInput): Promise<void> {
  await authorizePayment({ orderId, storeId });
}
