// The operators' first look: what is stuck, how long the oldest order has been undecided.
import type { Pg } from '../../db/postgres/client.ts';
import { ordersOverview } from '../../db/postgres/orders/overview.ts';
import { json, route, type Route } from '../http/routes.ts';

export const overviewRoute = (pg: Pg): Route =>
  route({
    method: 'get',
    path: '/recovery/overview',
    summary: 'Counts by status and reason, and the oldest undecided order.',
    scope: 'recovery',
    answers: { 200: 'the overview' },
    answer: async () => json(await ordersOverview(pg), 200, { 'cache-control': 'no-store' }),
  });
