// Carries out an operator's action once: records it first, then sends it to the order's workflow.
import type { Pg } from '../../db/postgres/client.ts';
import { findOrder, type Order } from '../../db/postgres/orders/orders.ts';
import { listRefunds } from '../../db/postgres/orders/refunds.ts';
import {
  recordAction,
  recordOutcome,
  type ActionInput,
  type RecoveryAction,
} from '../../db/postgres/orders/recovery.ts';
import { clearAttention } from '../../db/postgres/orders/steps.ts';
import type { AttentionReason, RepairAction } from '../../domain/attention.ts';
import { DomainError } from '../../domain/errors.ts';
import { minorFromNumber } from '../../domain/money.ts';
import { assertCancellable } from '../../domain/order.ts';
import {
  cancelOrder,
  changeAddress,
  repairOrder,
  type Repair,
  type WorkflowTimings,
} from '../fulfill-order.contract.ts';
import { REFUND_ORDER, refundOptions } from '../refund-order.contract.ts';
import { UNTIL_ACCEPTED, updateOrder } from './orders.ts';
import { restartOrder, startWorkflow } from './start.ts';
import type { TemporalConnection } from './connection.ts';
import { actionBodies, type ActionBody } from './repair-bodies.ts';

export interface RepairDeps {
  pg: Pg;
  temporal: TemporalConnection;
  timings: WorkflowTimings;
}

/** The action's id is the update's id: equal requests join the first and get its result. */
const repair = (deps: RepairDeps, { id }: Order, updateId: string, repair: Repair): Promise<void> =>
  updateOrder(deps, id, (workflow) =>
    workflow.startUpdate(repairOrder, { ...UNTIL_ACCEPTED, args: [repair], updateId }),
  );

const refund = (
  { temporal }: RepairDeps,
  { id: orderId, storeId }: Order,
  grant: { id: string; amountMinor?: number; reason: string },
): Promise<void> =>
  startWorkflow(temporal, REFUND_ORDER, refundOptions(grant.id, { orderId, storeId, grant }));

/**
 * The sweep's reasons: no step waits for the action. A missing workflow is started from the order's
 * record, one that runs stays; the sweep raises the attention again while its cause lasts.
 */
const SWEEP_REASONS: readonly AttentionReason[] = [
  'WORKFLOW_MISSING',
  'NO_PROGRESS',
  'WORKFLOW_HALTED',
];

/** Grants a failed refund again, under the action's own id. */
const refundAgain = async (deps: RepairDeps, order: Order, actionId: string): Promise<void> => {
  const failed = (await listRefunds(deps.pg, order.id)).findLast(({ state }) => state === 'failed');
  if (!failed) throw new DomainError('ILLEGAL_TRANSITION', 'no refund of this order has failed');
  const { amountMinor, reason } = failed;
  await refund(deps, order, { id: actionId, amountMinor, reason });
};

/** Starts the workflow from the order's record; each step taken before is found by its key. */
const restart = async ({ pg, temporal, timings }: RepairDeps, order: Order): Promise<void> => {
  await restartOrder(temporal, order, timings);
  await clearAttention(pg, order.storeId, order.id);
};

/** With these reasons a step of the order's workflow waits, which may refuse the action. */
const STEP_REASONS: readonly AttentionReason[] = [
  'STOCK_STEP_FAILED',
  'PAYMENT_STEP_FAILED',
  'SHIPMENT_STEP_FAILED',
  'STOCK_LOST',
  'UNDO_FAILED',
];

type Doer<A extends RepairAction> = (
  deps: RepairDeps,
  order: Order,
  body: ActionBody<A>,
  actionId: string,
) => Promise<void>;

const DOERS: { [A in RepairAction]: Doer<A> } = {
  retry: async (deps, order, _body, actionId) => {
    const reason = order.attention?.reason;
    if (reason === 'REFUND_FAILED') return refundAgain(deps, order, actionId);
    if (!reason || SWEEP_REASONS.includes(reason)) return restart(deps, order);
    return repair(deps, order, actionId, { action: 'retry' });
  },
  skip: (deps, order, _body, actionId) => repair(deps, order, actionId, { action: 'skip' }),
  resolve: (deps, order, { ending }, actionId) =>
    repair(deps, order, actionId, { action: 'resolve', ending }),
  refund: async (deps, order, { amount, note }, actionId) => {
    const amountMinor = amount === undefined ? undefined : minorFromNumber(amount, order.currency);
    const captured = ['captured', 'partially_refunded'].includes(order.paymentStatus);
    const leftMinor = captured ? order.totalMinor - order.refundedMinor : 0;
    if ((amountMinor ?? 1) > leftMinor) {
      throw new DomainError('REFUND_EXCEEDS_CAPTURE', 'more than is left of what was captured');
    }
    const grant = { id: actionId, reason: note, ...(amountMinor && { amountMinor }) };
    await refund(deps, order, grant);
  },
  cancel: async (deps, order, _body, actionId) => {
    if (order.status === 'cancelled') return;
    assertCancellable(order.status);
    const reason = order.attention?.reason;
    if (reason && STEP_REASONS.includes(reason)) {
      return repair(deps, order, actionId, { action: 'cancel' });
    }
    await updateOrder(deps, order.id, (workflow) =>
      workflow.startUpdate(cancelOrder, { ...UNTIL_ACCEPTED, updateId: 'cancel' }),
    );
  },
  readdress: (deps, { id }, { address }, updateId) =>
    updateOrder(deps, id, (workflow) =>
      workflow.startUpdate(changeAddress, { ...UNTIL_ACCEPTED, args: [address], updateId }),
    ),
};

const perform = async (deps: RepairDeps, action: RecoveryAction): Promise<void> => {
  const order = await findOrder(deps.pg, action.orderId);
  if (!order) throw new DomainError('NOT_FOUND', 'no such order');
  const body: unknown = actionBodies[action.action].parse(action.body);
  await DOERS[action.action](deps, order, body as never, action.id);
};

/**
 * Does an action once a key; a repeated request gets the recorded result.
 * A refusal is recorded too, and repeated. Refusals of the workflow and the ledger are unchanged.
 */
export const act = async (deps: RepairDeps, input: ActionInput): Promise<RecoveryAction> => {
  const action = await recordAction(deps.pg, input);
  if (action.outcome === 'done') return action;
  try {
    await perform(deps, action);
  } catch (error) {
    if (error instanceof DomainError && error.code !== 'UNAVAILABLE') {
      await recordOutcome(deps.pg, action.id, error.code, error.message);
    }
    throw error;
  }
  await recordOutcome(deps.pg, action.id, 'done', null);
  return { ...action, outcome: 'done', doneAt: new Date() };
};
