// Order Recovery: finds what is stuck or does not reconcile, and mends many at a limited rate.
import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { recoveryActivities } from '../activities/index.ts';
import type { RepairOrdersInput } from './recovery.contract.ts';

const activities = proxyActivities<ReturnType<typeof recoveryActivities>>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  scheduleToCloseTimeout: '5 minutes',
  retry: { maximumAttempts: 3 },
});

/** Starts what was accepted and not begun, tells what was not told, flags what is stuck. */
export async function sweepOrders(): Promise<number> {
  return activities.startWaitingOrders();
}

/** Compares the provider's books with ours; each difference is a break until it is gone. */
export async function reconcilePayments(): Promise<void> {
  await activities.reconcilePayments();
}

/** Frees the stock of orders that have ended, should anything have kept it. */
export async function expireHolds(): Promise<number> {
  return activities.releaseEndedHolds();
}

/** Compares a sample of orders and products between Postgres and Cassandra. */
export async function checkReadModel(): Promise<number> {
  return activities.checkReadModel();
}

/** One action on many orders, one after the other; each is audited and done once. */
export async function repairOrders(input: RepairOrdersInput): Promise<number> {
  const { orderIds, perSecond, ...action } = input;
  let done = 0;
  for (const orderId of orderIds) {
    await activities.repairOne({ ...action, orderId });
    done++;
    setCurrentDetails(`${done} of ${orderIds.length}`);
    await sleep(1_000 / perSecond);
  }
  return done;
}
