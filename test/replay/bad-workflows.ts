// Stories as a bad deploy would tell them: the payment before the stock. Never deployed.
import { proxyActivities } from '@temporalio/workflow';
import type { FulfillOrderInput } from '../../workflows/fulfill-order.contract.ts';

const { authorizePayment } = proxyActivities<{ authorizePayment(request: object): Promise<void> }>({
  taskQueue: 'payments',
  startToCloseTimeout: '15 seconds',
});

export async function fulfillOrder({ orderId, storeId }: FulfillOrderInput): Promise<void> {
  await authorizePayment({ orderId, storeId });
}
