// Order Recovery's workflows: each sweeps, reconciles, compares or repairs orders once.
import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { recoveryActivities } from '../activities/index.ts';
import type { RepairOrdersInput } from './recovery.contract.ts';

const activities = proxyActivities<ReturnType<typeof recoveryActivities>>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  scheduleToCloseTimeout: '5 minutes',
  retry: { maximumAttempts: 3 },
});

/** Starts missing workflows, delivers undelivered events and flags stuck orders. */
export async function sweepOrders(): Promise<number> {
  return activities.startWaitingOrders();
}

/** Compares the provider's payments with the ledger; a difference is a break until it is gone. */
export async function reconcilePayments(): Promise<void> {
  await activities.reconcilePayments();
}

/** Releases stock that ended orders still hold. */
export async function expireHolds(): Promise<number> {
  return activities.releaseEndedHolds();
}

/** Compares a sample of orders and products between Postgres and Cassandra. */
export async function checkReadModel(): Promise<number> {
  return activities.checkReadModel();
}

/** Repairs many orders one after the other; each action is audited and done once. */
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
