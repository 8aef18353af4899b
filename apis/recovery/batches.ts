// Routes that repair many orders at a limited rate, as a dry run by default.
import { listActions, listStuck } from '../../db/postgres/orders/recovery.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId, newId } from '../../domain/ids.ts';
import { REPAIR_ORDERS, repairOrdersOptions } from '../../workflows/recovery.contract.ts';
import { actionBodies } from '../../workflows/client/repair-bodies.ts';
import { parsed } from '../http/body.ts';
import { operatorOf } from '../http/principals.ts';
import { reply, route, type Route } from '../http/routes.ts';
import { startWorkflow } from '../../workflows/client/start.ts';
import type { RecoveryDeps } from './orders.ts';
import {
  batchActionsResponse,
  batchResponse,
  toActionResponse,
  toStuckOrderResponse,
} from './responses.ts';
import { batchBody, filterOf } from './shapes.ts';

const NO_STORE = { 'cache-control': 'no-store' };

export const batchRoutes = (deps: RecoveryDeps): Route[] => [
  route({
    method: 'post',
    path: '/recovery/batches',
    summary: 'Repair every order of a filter; a dry run by default.',
    needs: 'recovery',
    body: batchBody,
    response: batchResponse,
    statuses: { 200: 'what would be done', 202: 'the batch has started' },
    handler: async ({ body, principal }) => {
      const { action, filter, dryRun, limit, perSecond } = body;
      const actionBody = parsed(actionBodies[action], body.body);
      const orders = await listStuck(deps.pg, filterOf(filter), '', limit);
      if (dryRun)
        return reply({
          dryRun: true as const,
          matches: orders.length,
          orders: orders.map(toStuckOrderResponse),
        });
      const batchId = newId('action');
      const orderIds = orders.map(({ id }) => id);
      const operator = operatorOf(principal);
      const input = { batchId, operator, action, body: actionBody, orderIds, perSecond };
      await startWorkflow(deps.temporal, REPAIR_ORDERS, repairOrdersOptions(input));
      const location = `/recovery/batches/${batchId}`;
      return reply({ id: batchId, matches: orders.length }, 202, { location, ...NO_STORE });
    },
  }),
  route({
    method: 'get',
    path: '/recovery/batches/:id',
    summary: 'The progress of a batch, order by order.',
    needs: 'recovery',
    response: batchActionsResponse,
    statuses: { 200: 'its actions' },
    handler: async ({ params }) => {
      const id = params['id'] ?? '';
      if (!isId('action', id)) throw new DomainError('NOT_FOUND', 'no such batch');
      const actions = await listActions(deps.pg, { batchId: id });
      return reply({ id, actions: actions.map(toActionResponse) }, 200, NO_STORE);
    },
  }),
];
