// Counts stuck orders and measures the age of the oldest undecided order.
import type { Pg } from '../../db/postgres/client.ts';
import { ordersOverview } from '../../db/postgres/orders/overview.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';
import { unservedQueues } from '../../workflows/client/deployment.ts';
import { reply, route, type Route } from '../http/routes.ts';
import { overviewResponse } from './responses.ts';

const LOOK_EVERY_MS = 5_000;

export const overviewRoute = (pg: Pg): Route =>
  route({
    method: 'get',
    path: '/recovery/overview',
    summary: 'Open orders by status and reason, the oldest undecided one, and stalled disputes.',
    needs: 'recovery',
    response: overviewResponse,
    statuses: { 200: 'the overview' },
    handler: async () => reply(await ordersOverview(pg), 200, { 'cache-control': 'no-store' }),
  });

/** The same figures as metrics, read every five seconds; alerts use them. */
export const watchOverview = (
  pg: Pg,
  temporal: TemporalConnection,
  telemetry: Telemetry,
): { stop(): void } => {
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
  const unserved = telemetry.gauge(
    'holdfast_unserved_queues',
    'Task queues for which no worker of the current build polls.',
  );
  const look = async (): Promise<void> => {
    const seen = await ordersOverview(pg);
    oldest.set(seen.oldestUndecidedSeconds);
    breaks.set(seen.breaks);
    disputes.set(seen.disputesStalled);
    compared.set(seen.paymentsComparedSeconds);
    byStatus.reset();
    attention.reset();
    for (const [status, count] of Object.entries(seen.byStatus)) byStatus.set({ status }, count);
    for (const [reason, count] of Object.entries(seen.byReason)) attention.set({ reason }, count);
    unserved.set((await unservedQueues(await temporal.client())).length);
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => telemetry.log.error('reading the overview failed', error));
  }, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
};
