// A workflow with the shape of a delivered order and no work in it, to measure Temporal's own cost.
import {
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Nothing } from './empty-worker.ts';
import { ORDER_STATUS } from '../../workflows/fulfill-order.contract.ts';

const { nothing } = proxyActivities<Nothing>({ startToCloseTimeout: '15 seconds' });
const local = proxyLocalActivities<Nothing>({ startToCloseTimeout: '5 seconds' });

/** Returns when the order is confirmed, as `placeOrder` does. */
export const untilConfirmed = defineUpdate<string>('untilConfirmed');

/** The steps of test/replay/histories/delivered.json: seven activities, two of them local. */
export async function emptyWorkflow(): Promise<string> {
  const confirmed = Promise.withResolvers<string>();
  setHandler(untilConfirmed, () => confirmed.promise);
  await local.nothing();
  await nothing();
  await local.nothing();
  await nothing();
  upsertSearchAttributes([{ key: ORDER_STATUS, value: 'confirmed' }]);
  confirmed.resolve('confirmed');
  const mails = [nothing()];
  await nothing();
  mails.push(nothing());
  await nothing();
  upsertSearchAttributes([{ key: ORDER_STATUS, value: 'delivered' }]);
  mails.push(nothing());
  await Promise.all(mails);
  return 'delivered';
}
