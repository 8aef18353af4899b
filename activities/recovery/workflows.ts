// Finds workflows that are missing, have failed or are halted, and lists them at their order.
import type { Pg } from '../../db/postgres/client.ts';
import { listDisputesIn } from '../../db/postgres/orders/disputes.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import { nextPage, positionOf, putPosition } from '../../db/postgres/orders/positions.ts';
import { listUnsentRefunds, type Refund } from '../../db/postgres/orders/refunds.ts';
import { listReturnsIn } from '../../db/postgres/orders/returns.ts';
import { raiseAttention } from '../../db/postgres/orders/steps.ts';
import {
  SWEEP_STEP,
  sweepStepOf,
  UNDECIDED_MS_MAX,
  type AttentionReason,
  type RepairAction,
} from '../../domain/attention.ts';
import { isId } from '../../domain/ids.ts';
import { isDecided } from '../../domain/order.ts';
import type { ReturnState } from '../../domain/returns.ts';
import { workflowIdOf } from '../../workflows/client/ids.ts';
import { taskFailureOf, workflowState, type WorkflowState } from '../../workflows/client/orders.ts';
import { startOrder } from '../../workflows/client/start.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';
import type { WorkflowTimings } from '../../workflows/fulfill-order.contract.ts';

/** What changes more often than this has a workflow, in ms. */
export const QUIET_MS = 2 * 60_000;
/** Returns, and disputes, of one sweep; the next one goes on behind them. */
const PAGE_MAX = 100;

interface Deps {
  pg: Pg;
  temporal: TemporalConnection;
  timings: WorkflowTimings;
}

const REASONS: Record<WorkflowState, AttentionReason> = {
  running: 'NO_PROGRESS',
  halted: 'WORKFLOW_HALTED',
  completed: 'WORKFLOW_MISSING',
  closed: 'WORKFLOW_MISSING',
  missing: 'WORKFLOW_MISSING',
};

interface Stuck {
  orderId: string;
  storeId: string;
  workflowId: string;
  step: string;
  state: WorkflowState;
}

const raise = async ({ pg, temporal }: Deps, stuck: Stuck): Promise<void> => {
  const { orderId, storeId, workflowId, step, state } = stuck;
  const actions: RepairAction[] = ['retry'];
  const detail = state === 'halted' && { detail: await taskFailureOf(temporal, workflowId) };
  await raiseAttention(pg, storeId, orderId, { step, reason: REASONS[state], actions, ...detail });
};

/** Raises an attention for an open order without a running workflow, or one undecided too long. */
export const flagIfStuck = async (deps: Deps, order: Order): Promise<boolean> => {
  const { id: orderId, storeId, status, attentions, createdAt } = order;
  if (attentions.some(({ step }) => step === SWEEP_STEP)) return false;
  const workflowId = workflowIdOf('order', orderId);
  const state = await workflowState(deps.temporal, workflowId);
  if (state === 'missing' && status === 'accepted') {
    await startOrder(deps.temporal, order, deps.timings);
    return true;
  }
  const isLate = Date.now() - createdAt.getTime() > UNDECIDED_MS_MAX;
  const until = order.nextAction?.until;
  const hasTime = until !== undefined && Date.parse(until) > Date.now();
  const waits = attentions.length > 0 || isDecided(status) || !isLate || hasTime;
  if (state === 'running' && waits) return false;
  await raise(deps, { orderId, storeId, workflowId, step: SWEEP_STEP, state });
  return true;
};

/** A return, a refund or a dispute that has not ended. */
export interface FollowUp {
  orderId: string;
  storeId: string;
  workflowId: string;
  /** Its workflow may have done its part: the bank has the rest. */
  mayBeCompleted?: boolean;
  /** Its workflow may not have been started yet: another part of the sweep does. */
  mayBeMissing?: boolean;
}

/** Raises an attention at the order whose return or dispute has no workflow that goes on. */
export const flagIfLeft = async (deps: Deps, followUp: FollowUp): Promise<boolean> => {
  const { orderId, storeId, workflowId, mayBeCompleted, mayBeMissing } = followUp;
  const state = await workflowState(deps.temporal, workflowId);
  if (state === 'running') return false;
  if (mayBeCompleted && state === 'completed') return false;
  if (mayBeMissing && state === 'missing') return false;
  await raise(deps, { orderId, storeId, workflowId, step: sweepStepOf(workflowId), state });
  return true;
};

const FOLLOWED: readonly ReturnState[] = [
  'requested',
  'approved',
  'in_transit',
  'received',
  'inspected',
];

const isQuiet = ({ updatedAt }: { updatedAt: Date }): boolean =>
  updatedAt.getTime() < Date.now() - QUIET_MS;

/** The next returns that have not ended. */
export const nextReturns = async ({ pg }: Deps): Promise<FollowUp[]> => {
  const page = await nextPage(pg, 'open-returns', PAGE_MAX, (behind) =>
    listReturnsIn(pg, { states: FOLLOWED, ...behind }),
  );
  return page.filter(isQuiet).map(({ id, orderId, storeId, state }) => ({
    orderId,
    storeId,
    workflowId: workflowIdOf('return', id),
    mayBeCompleted: state === 'inspected',
    mayBeMissing: state === 'requested',
  }));
};

/** An order and a return send their own refunds. */
const hasOwnWorkflow = ({ id, orderId }: Refund): boolean =>
  !id.startsWith(`${orderId}/`) && !isId('return', id);

/** The next refunds that were granted, and of which the provider has not said anything yet. */
export const nextRefunds = async ({ pg }: Deps): Promise<FollowUp[]> => {
  const page = await nextPage(pg, 'open-refunds', PAGE_MAX, (behind) =>
    listUnsentRefunds(pg, behind),
  );
  return page
    .filter((refund) => isQuiet(refund) && hasOwnWorkflow(refund))
    .map(({ id, orderId, storeId }) => ({
      orderId,
      storeId,
      workflowId: workflowIdOf('refund', id),
    }));
};

/** The next disputes that have not ended. */
export const nextDisputes = async ({ pg }: Deps): Promise<FollowUp[]> => {
  const at = await positionOf(pg, 'open-disputes');
  const after = at && { createdAt: new Date(at.atUs / 1_000), id: at.id };
  const page = await listDisputesIn(pg, undefined, after, PAGE_MAX);
  const last = page.length < PAGE_MAX ? undefined : page.at(-1);
  const atUs = (last?.createdAt.getTime() ?? 0) * 1_000;
  await putPosition(pg, 'open-disputes', { atUs, id: last?.id ?? '' });
  return page.filter(isQuiet).map(({ id, orderId, storeId }) => ({
    orderId,
    storeId,
    workflowId: workflowIdOf('dispute', id),
  }));
};
