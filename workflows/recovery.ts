// Order Recovery's workflows: each sweeps, reconciles, compares or repairs orders once.
import { ActivityFailure, proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { recoveryActivities } from '../activities/index.ts';
import { RECOVERY_ATTEMPTS_MAX } from '../domain/attention.ts';
import type { RepairOrdersInput } from './recovery.contract.ts';

const activities = proxyActivities<ReturnType<typeof recoveryActivities>>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  scheduleToCloseTimeout: '5 minutes',
  retry: { maximumAttempts: RECOVERY_ATTEMPTS_MAX },
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

/** Starts the workflows of the provider's disputes that no webhook has started. */
export async function pullDisputes(): Promise<number> {
  return activities.pullDisputes();
}

/**
 * Repairs many orders one after the other; each action is audited and done once. One that cannot be
 * repaired does not keep the others waiting.
 */
export async function repairOrders(input: RepairOrdersInput): Promise<number> {
  const { orderIds, perSecond, ...action } = input;
  let done = 0;
  let failed = 0;
  for (const orderId of orderIds) {
    try {
      await activities.repairOne({ ...action, orderId });
      done++;
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      failed++;
    }
    setCurrentDetails(`${done} of ${orderIds.length}, ${failed} failed`);
    await sleep(1_000 / perSecond);
  }
  return done;
}
