// The names, queue, ids and intervals of Order Recovery's workflows.
import type { RepairAction } from '../domain/attention.ts';

/** Each has a schedule; only an operator starts `repairOrders`. */
export const RECOVERY_WORKFLOWS = [
  'sweepOrders',
  'reconcilePayments',
  'expireHolds',
  'checkReadModel',
  'pullDisputes',
] as const;
export const REPAIR_ORDERS = 'repairOrders';
export type RecoveryWorkflow = (typeof RECOVERY_WORKFLOWS)[number];

export const RECOVERY_QUEUE = 'recovery';

/** `sweepOrders` is `sweep-orders`: the ids of schedules outlive the code. */
export const scheduleIdOf = (name: RecoveryWorkflow): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The interval of each, in ms, unless a setting overrides it. */
export const SCHEDULED_EVERY_MS: Record<RecoveryWorkflow, number> = {
  sweepOrders: 30_000,
  reconcilePayments: 5 * 60_000,
  expireHolds: 60_000,
  checkReadModel: 60_000,
  pullDisputes: 24 * 3_600_000,
};

export interface RepairOrdersInput {
  batchId: string;
  operator: string;
  action: RepairAction;
  body: Record<string, unknown>;
  orderIds: string[];
  /** The limit in orders per second. */
  perSecond: number;
}

export const repairOrdersOptions = (input: RepairOrdersInput) => ({
  workflowId: `repair/${input.batchId}`,
  taskQueue: RECOVERY_QUEUE,
  args: [input] as [RepairOrdersInput],
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `${input.action} of ${input.orderIds.length} orders`,
});
