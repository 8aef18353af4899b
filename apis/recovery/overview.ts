// Counts what is stuck and what has not ended, with the oldest of each.
import type { Pg } from '../../db/postgres/client.ts';
import { withDeadline } from '../../concurrency/deadline.ts';
import { openWork, ordersOverview } from '../../db/postgres/orders/overview.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';
import { failedWorkflows, type FailedWorkflow } from '../../workflows/client/failed.ts';
import { unservedQueues } from '../../workflows/client/deployment.ts';
import { reply, route, type Route } from '../http/routes.ts';
import { overviewResponse, withIsoDates } from './responses.ts';

const LOOK_EVERY_MS = 5_000;
/** Of what counts all that is open, or asks Temporal about each workflow that failed. */
const OPEN_EVERY_MS = 15_000;
const LOOK_LIMIT_MS = 3_000;

/** Undefined while Temporal cannot be asked. */
const failedIfThere = (temporal: TemporalConnection): Promise<FailedWorkflow[] | undefined> =>
  withDeadline(
    async () => failedWorkflows(await temporal.client()),
    LOOK_LIMIT_MS,
    () => new Error('no answer in time'),
  ).catch(() => undefined);

export const overviewRoute = (pg: Pg, temporal: TemporalConnection): Route =>
  route({
    method: 'get',
    path: '/recovery/overview',
    summary: 'What is stuck, and what has not ended by kind and state, with the oldest.',
    needs: 'recovery',
    response: overviewResponse,
    statuses: { 200: 'the overview' },
    handler: async () => {
      const [overview, open, failed] = await Promise.all([
        ordersOverview(pg),
        openWork(pg),
        failedIfThere(temporal),
      ]);
      const failedWorkflows = failed?.map(withIsoDates);
      const seen = { ...overview, open, ...(failedWorkflows && { failedWorkflows }) };
      return reply(seen, 200, { 'cache-control': 'no-store' });
    },
  });

type Look = () => Promise<void>;

const orderGauges = (pg: Pg, telemetry: Telemetry): Look => {
  const oldest = telemetry.gauge(
    'holdfast_oldest_undecided_seconds',
    'Age of the oldest order whose payment is not decided.',
  );
  const byStatus = telemetry.gauge('holdfast_orders', 'Orders that have not ended, by status.', [
    'status',
  ]);
  const attention = telemetry.gauge('holdfast_orders_attention', 'Orders with an attention.', [
    'reason',
  ]);
  const breaks = telemetry.gauge('holdfast_payment_breaks', 'Payments that do not reconcile.');
  const disputes = telemetry.gauge(
    'holdfast_disputes_stalled',
    'Open disputes past their deadline, or without a look for days.',
  );
  const compared = telemetry.gauge(
    'holdfast_payments_compared_seconds',
    'Payments older than this many seconds have been compared with the provider.',
  );
  return async () => {
    const seen = await ordersOverview(pg);
    oldest.set(seen.oldestUndecidedSeconds);
    breaks.set(seen.breaks);
    disputes.set(seen.disputesStalled);
    compared.set(seen.paymentsComparedSeconds);
    byStatus.reset();
    attention.reset();
    for (const [status, count] of Object.entries(seen.byStatus)) byStatus.set({ status }, count);
    for (const [reason, count] of Object.entries(seen.byReason)) attention.set({ reason }, count);
  };
};

const openWorkGauges = (pg: Pg, telemetry: Telemetry): Look => {
  const open = telemetry.gauge(
    'holdfast_open_work',
    'Orders, refunds, returns and disputes that have not ended.',
    ['kind', 'state'],
  );
  const oldest = telemetry.gauge(
    'holdfast_open_work_oldest_seconds',
    'How long the oldest of them has not changed, or is owed.',
    ['kind', 'state'],
  );
  return async () => {
    const work = await openWork(pg);
    open.reset();
    oldest.reset();
    for (const { kind, state, count, oldestSeconds } of work) {
      open.set({ kind, state }, count);
      oldest.set({ kind, state }, oldestSeconds);
    }
  };
};

const unservedGauge = (temporal: TemporalConnection, telemetry: Telemetry): Look => {
  const unserved = telemetry.gauge(
    'holdfast_unserved_queues',
    'Task queues for which no worker of the current build polls.',
  );
  return async () => unserved.set((await unservedQueues(await temporal.client())).length);
};

const failedGauge = (temporal: TemporalConnection, telemetry: Telemetry): Look => {
  const failed = telemetry.gauge(
    'holdfast_failed_workflows',
    'Workflows that have failed and were not started again.',
  );
  return async () => failed.set((await failedWorkflows(await temporal.client())).length);
};

/** Runs a look again and again; a failure is logged once until the next success. */
const repeated = (look: Look, everyMs: number, telemetry: Telemetry): Timer => {
  let hasFailed = false;
  const once = async (): Promise<void> => {
    try {
      await look();
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) telemetry.log.error('reading the overview failed', error);
      hasFailed = true;
    }
  };
  return setInterval(() => void once(), everyMs);
};

/** The same figures as metrics; alerts use them. */
export const watchOverview = (
  pg: Pg,
  temporal: TemporalConnection,
  telemetry: Telemetry,
): { stop(): void } => {
  const timers = [
    repeated(orderGauges(pg, telemetry), LOOK_EVERY_MS, telemetry),
    repeated(openWorkGauges(pg, telemetry), OPEN_EVERY_MS, telemetry),
    repeated(unservedGauge(temporal, telemetry), LOOK_EVERY_MS, telemetry),
    repeated(failedGauge(temporal, telemetry), OPEN_EVERY_MS, telemetry),
  ];
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
};
