// Starts orders that were accepted while Temporal was away, or whose start was lost.
import { proxyActivities } from '@temporalio/workflow';
import type { recoveryActivities } from '../activities/index.ts';

const { startWaitingOrders } = proxyActivities<ReturnType<typeof recoveryActivities>>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '5 minutes',
  retry: { maximumAttempts: 3 },
});

export async function sweepOrders(): Promise<number> {
  return startWaitingOrders();
}
