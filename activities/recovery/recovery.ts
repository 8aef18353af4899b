// Sweeps stuck orders, returns and events, frees stock, compares read models, and repairs batches.
import { Context } from '@temporalio/activity';
import { mapBounded } from '../../concurrency/chunks.ts';
import type { Cassandra } from '../../db/cassandra/client.ts';
import { findOrderView } from '../../db/cassandra/orders.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import {
  nextPage,
  positionOf,
  putPosition,
  type Lane,
} from '../../db/postgres/orders/positions.ts';
import {
  listChanged,
  listUnchanged,
  recordAction,
  recordOutcome,
} from '../../db/postgres/orders/recovery.ts';
import {
  listRefundsToLookAt,
  recordRefundLook,
  type Refund,
} from '../../db/postgres/orders/refunds.ts';
import { listRequested } from '../../db/postgres/orders/returns.ts';
import { forgetEvents, listUnnotified } from '../../db/postgres/orders/webhooks.ts';
import { RECOVERY_ATTEMPTS_MAX, type RepairAction } from '../../domain/attention.ts';
import { DomainError } from '../../domain/errors.ts';
import { PARCEL_LOOKS, waitBeforeLook } from '../../domain/looks.ts';
import type { OrderStatus } from '../../domain/order.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { notifyWorkflow, type ProviderEventDeps } from '../../workflows/client/provider-events.ts';
import { act } from '../../workflows/client/repair.ts';
import { lookAtRefund, startOrder, startReturn } from '../../workflows/client/start.ts';
import type { WorkflowTimings } from '../../workflows/fulfill-order.contract.ts';
import { attemptNow } from '../attempts.ts';
import { pullDisputes } from './disputes.ts';
import { reconcile, type ReconciliationDeps } from './reconciliation.ts';
import { stockActivities, type StockClient } from '../stock.ts';
import {
  flagIfLeft,
  flagIfStuck,
  nextDisputes,
  nextRefunds,
  nextReturns,
  QUIET_MS,
} from './workflows.ts';

const BATCH_MAX = 500;
const RETURNS_MAX = 100;
const REFUNDS_MAX = 100;
/** Between looks at a refund whose schedule is over: it is owed until it is known. */
const REFUND_WAIT_MS_MAX = 2 * 86_400_000;
const ALIVE_EVERY_MS = 2_000;
const DESCRIBED_AT_ONCE = 10;
/** Only orders this old are compared, so that the projection has had time. */
const SAMPLE_FROM_MS = 15 * 60_000;
const SAMPLE_TO_MS = 60_000;
const SAMPLE_MAX = 100;
/** The first run starts this far back. */
const ENDED_WITHIN_MS = 60 * 60_000;
const ENDED: OrderStatus[] = ['cancelled', 'rejected', 'expired'];
/** The statuses of orders in progress: each has a cursor and a share of every sweep. */
const MOVING = ['accepted', 'awaiting_payment', 'confirmed', 'packing', 'shipped'] as const;
const MOVING_MAX = 150;
const FROM_THE_FIRST = { atUs: 0, id: '' };
/** Pages of one run. */
const WAITING_PAGES_MAX = 10;
const ENDED_PAGES_MAX = 20;

export interface RepairInput {
  batchId: string;
  operator: string;
  orderId: string;
  action: RepairAction;
  body: Record<string, unknown>;
}

export interface RecoveryDeps extends ReconciliationDeps, ProviderEventDeps {
  cassandra: Cassandra;
  telemetry: Telemetry;
  inventory: StockClient;
  timings: WorkflowTimings;
  /** How long an order or a return may wait for its workflow, in ms. */
  olderThanMs: number;
}

/**
 * Repairs one order of a batch; a refusal is recorded and is no failure. So is what stays
 * unavailable at the last attempt: the other orders of the batch go on.
 */
const repairOne = async (deps: RecoveryDeps, { batchId, orderId, ...input }: RepairInput) => {
  const action = { ...input, orderId, batchId, key: `${batchId}/${orderId}` };
  await act(deps, action).catch(async (error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
    if (error.code !== 'UNAVAILABLE') return;
    if (attemptNow() < RECOVERY_ATTEMPTS_MAX) throw error;
    const { id } = await recordAction(deps.pg, action);
    await recordOutcome(deps.pg, id, error.code, error.message);
  });
};

/** Runs `work` over all, a few at a time; a failure does not stop the others. */
const overAll = async <T>(
  { telemetry }: Pick<RecoveryDeps, 'telemetry'>,
  items: T[],
  work: (item: T) => Promise<boolean>,
): Promise<{ count: number; failed: number }> => {
  const sum = { count: 0, failed: 0 };
  await mapBounded(items, DESCRIBED_AT_ONCE, async (item) => {
    try {
      if (await work(item)) sum.count++;
    } catch (error) {
      sum.failed++;
      telemetry.log.error('sweep of an item failed', error);
    }
  });
  return sum;
};

/** Sweeps the next orders of each status; an order is next again once all others were swept. */
const flagStuck = async (deps: RecoveryDeps): Promise<number> => {
  let count = 0;
  for (const status of MOVING) {
    const lane: Lane = `moving-${status}`;
    const after = await positionOf(deps.pg, lane);
    const found = await listUnchanged(deps.pg, [status], QUIET_MS, after, MOVING_MAX);
    count += (await overAll(deps, found.orders, (one) => flagIfStuck(deps, one))).count;
    await putPosition(deps.pg, lane, found.orders.length < MOVING_MAX ? FROM_THE_FIRST : found.end);
  }
  return count;
};

/**
 * Frees stock that ended orders still hold, from the end of the last run to two minutes ago.
 * A failure is retried for an hour; by then the hold has expired by itself.
 */
const releaseEnded = async (deps: RecoveryDeps): Promise<number> => {
  const { releaseHeld } = stockActivities(deps.inventory);
  const first = { atUs: (Date.now() - ENDED_WITHIN_MS) * 1_000, id: '' };
  let count = 0;
  for (let page = 0; page < ENDED_PAGES_MAX; page++) {
    const after = (await positionOf(deps.pg, 'ended')) ?? first;
    const found = await listUnchanged(deps.pg, ENDED, QUIET_MS, after, BATCH_MAX);
    if (found.orders.length === 0) break;
    const { count: freed, failed } = await overAll(deps, found.orders, ({ id: orderId, storeId }) =>
      releaseHeld({ orderId, storeId }),
    );
    count += freed;
    if (failed > 0 && found.end.atUs > first.atUs) break;
    await putPosition(deps.pg, 'ended', found.end);
  }
  return count;
};

/**
 * Starts workflows of accepted orders, thousands a run after an outage of Temporal.
 * Only Temporal knows whether a workflow exists, so each order is looked up once a round.
 */
const startWaiting = async (deps: RecoveryDeps): Promise<number> => {
  const { pg, olderThanMs, temporal, timings } = deps;
  let begun = 0;
  for (let page = 0; page < WAITING_PAGES_MAX; page++) {
    const after = await positionOf(pg, 'waiting');
    const found = await listUnchanged(pg, ['accepted'], olderThanMs, after, BATCH_MAX);
    const start = async (order: Order): Promise<boolean> => (
      await startOrder(temporal, order, timings),
      true
    );
    const { count, failed } = await overAll(deps, found.orders, start);
    begun += count;
    const isAway = failed > 0 && count === 0;
    if (isAway) break;
    const isLast = found.orders.length < BATCH_MAX;
    await putPosition(pg, 'waiting', isLast ? FROM_THE_FIRST : found.end);
    if (isLast) break;
  }
  return begun;
};

/** Starts the look at a pending refund; one that cannot be started is due with the next sweep. */
const lookAgainAt = async (
  { pg, temporal, timings }: RecoveryDeps,
  refund: Refund,
): Promise<void> => {
  await lookAtRefund(temporal, refund);
  const waitMs = waitBeforeLook(PARCEL_LOOKS, refund.looks, timings.carrierPollMs);
  await recordRefundLook(pg, refund.id, waitMs ?? REFUND_WAIT_MS_MAX);
};

const sweep = async (deps: RecoveryDeps): Promise<number> => {
  const { pg, olderThanMs, temporal, timings } = deps;
  const { carrierPollMs: pollMs } = timings;
  const done = async (work: Promise<void>): Promise<boolean> => (await work, true);
  // Those that wait for long, as a carrier refuses their label, do not keep others from it.
  const returns = await nextPage(pg, 'requested-returns', RETURNS_MAX, (behind) =>
    listRequested(pg, olderThanMs, behind),
  );
  const events = await listUnnotified(pg, olderThanMs);
  const refunds = await listRefundsToLookAt(pg, REFUNDS_MAX);
  const sums = [
    await overAll(deps, returns, (one) => done(startReturn(temporal, one, pollMs))),
    await overAll(deps, events, (one) => done(notifyWorkflow(deps, one))),
    await overAll(deps, refunds, (one) => done(lookAgainAt(deps, one))),
    await overAll(deps, await nextReturns(deps), (one) => flagIfLeft(deps, one)),
    await overAll(deps, await nextRefunds(deps), (one) => flagIfLeft(deps, one)),
    await overAll(deps, await nextDisputes(deps), (one) => flagIfLeft(deps, one)),
  ];
  const others = (await startWaiting(deps)) + (await flagStuck(deps));
  await forgetEvents(pg);
  return sums.reduce((sum, { count }) => sum + count, others);
};

/** Orders whose read model is missing or behind, among those changed a while ago. */
const countStale = async (deps: RecoveryDeps): Promise<number> => {
  const { pg, cassandra, telemetry } = deps;
  const window = { fromMs: SAMPLE_FROM_MS, toMs: SAMPLE_TO_MS };
  const sample = await listChanged(pg, window, SAMPLE_MAX);
  const { count } = await overAll(deps, sample, async ({ id, storeId, sequence, status }) => {
    const view = await findOrderView(cassandra, storeId, id);
    const isSame = view !== undefined && view.sequence >= sequence;
    if (!isSame) telemetry.log.warn('read model differs', { orderId: id, status });
    return !isSame;
  });
  return count;
};

/**
 * Sends heartbeats while the work runs. A schedule skips its runs while the last one goes on, so a
 * run whose worker or response is lost must time out soon.
 */
const alive = async <T>(work: () => Promise<T>): Promise<T> => {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), ALIVE_EVERY_MS);
  return work().finally(() => clearInterval(timer));
};

export const recoveryActivities = (deps: RecoveryDeps) => {
  const stale = deps.telemetry.gauge(
    'holdfast_read_model_stale',
    'Orders of the last sample whose read model was missing or behind.',
  );
  return {
    /** Returns how many orders, returns and events were swept. */
    startWaitingOrders: (): Promise<number> => alive(() => sweep(deps)),
    /** Compares new and changed payments, and a share of the others once more. */
    reconcilePayments: (): Promise<void> => alive(() => reconcile(deps)),
    /** Starts the workflows of disputes that no webhook has started; returns how many. */
    pullDisputes: (): Promise<number> => alive(() => pullDisputes(deps)),
    /** Frees stock that ended orders still hold; returns how many orders did. */
    releaseEndedHolds: (): Promise<number> => alive(() => releaseEnded(deps)),
    /** Returns how many orders of a sample are missing or behind on the read side. */
    checkReadModel: (): Promise<number> =>
      alive(async () => {
        const count = await countStale(deps);
        stale.set(count);
        return count;
      }),
    repairOne: (input: RepairInput): Promise<void> => alive(() => repairOne(deps, input)),
  };
};
