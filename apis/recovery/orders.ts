// Routes of stuck orders: why they are stuck, everything known of one, and an operator's actions.
import type { Client } from '@connectrpc/connect';
import { withDeadline } from '../../concurrency/deadline.ts';
import { breaksOf, listOpenBreaks } from '../../db/postgres/orders/reconciliation-breaks.ts';
import { listDisputes } from '../../db/postgres/orders/disputes.ts';
import { listOrderEvents } from '../../db/postgres/orders/events.ts';
import { heldByProvider } from '../../db/postgres/orders/ledger.ts';
import { findOrder, type Order } from '../../db/postgres/orders/orders.ts';
import { listParcels } from '../../db/postgres/orders/parcels.ts';
import { listActions, listAttempts, listStuck } from '../../db/postgres/orders/recovery.ts';
import { listRefunds } from '../../db/postgres/orders/refunds.ts';
import { listReturns } from '../../db/postgres/orders/returns.ts';
import { REPAIR_ACTIONS, type AttentionReason, type RepairAction } from '../../domain/attention.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId, reservationIdOf } from '../../domain/ids.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { fulfillOrderId, orderProgress } from '../../workflows/fulfill-order.contract.ts';
import { actionBodies } from '../../workflows/client/repair-bodies.ts';
import type { Cursors } from '../http/cursors.ts';
import { listPage } from '../http/lists.ts';
import { operatorOf } from '../http/principals.ts';
import { reply, route, type RouteInput, type Route } from '../http/routes.ts';
import { act, type RepairDeps } from '../../workflows/client/repair.ts';
import { isEnding } from '../../domain/order.ts';
import {
  actedResponse,
  breaksResponse,
  orderDetailsResponse,
  stuckOrdersResponse,
  toActionResponse,
  toStuckOrderResponse,
  withIsoDates,
} from './responses.ts';
import { filterOf, stuckBy, stuckQuery } from './shapes.ts';
import { checkedKey } from '../http/idempotency-keys.ts';
import { IDEMPOTENCY_KEY_HEADER, STORE_HEADER } from '../../domain/headers.ts';

export const NO_STORE = { 'cache-control': 'no-store' };
const LOOK_LIMIT_MS = 3_000;
const LIST = 'recovery/orders';

export interface RecoveryDeps extends RepairDeps {
  cursors: Cursors;
  inventory: Client<typeof InventoryService>;
  /** The card provider's view of an intent. */
  readPayment(intentId: string): Promise<unknown>;
}

/** An unavailable dependency is reported as such; the rest of the response stands. */
const ifThere = async (look: Promise<unknown>): Promise<unknown> => {
  const seen = look.catch((error: unknown) => ({
    unavailable: error instanceof DomainError ? error.code : 'UNAVAILABLE',
  }));
  const late = () => new Error('no answer in time');
  return withDeadline(() => seen, LOOK_LIMIT_MS, late).catch((error: Error) => ({
    unavailable: error.message,
  }));
};

const workflowOf = async ({ temporal }: RecoveryDeps, id: string): Promise<unknown> => {
  const client = await temporal.client();
  const workflow = client.workflow.getHandle(fulfillOrderId(id));
  const { status, runId, historyLength } = await workflow.describe();
  const progress = status.name === 'RUNNING' ? await workflow.query(orderProgress) : undefined;
  return { workflowId: fulfillOrderId(id), runId, state: status.name, historyLength, progress };
};

const holdOf = async ({ inventory }: RecoveryDeps, { id, storeId }: Order): Promise<unknown> => {
  const headers = { [STORE_HEADER]: storeId };
  const reservationId = reservationIdOf(id);
  const { reservation } = await inventory.getReservation({ reservationId }, { headers });
  return reservation && { state: reservation.state, lines: reservation.lines };
};

/** The suggested action, as far as the record shows. */
const suggested = (order: Order): string => {
  const { reason } = stuckBy(order);
  if (!reason) return isEnding(order.status) ? 'nothing' : 'wait';
  const byReason: Record<AttentionReason, string> = {
    STOCK_STEP_FAILED: 'retry, or cancel',
    PAYMENT_STEP_FAILED: 'look at the provider, then retry or cancel',
    REFUND_FAILED: 'retry grants the refund again, or refund it another way and dismiss',
    SHIPMENT_STEP_FAILED: 'readdress and retry, or resolve with what became of the parcel',
    STOCK_LOST: 'cancel, or find the units and retry',
    UNDO_FAILED: 'retry',
    WORKFLOW_MISSING: 'retry starts the workflow from the record',
    NO_PROGRESS: 'retry',
    WORKFLOW_HALTED: 'read its failure, deploy a fix, then retry clears the attention',
    PARCEL_LEFT: 'intercept it, let it arrive, or treat it as a return',
    RETURN_STEP_FAILED: 'retry, or skip what cannot be had',
    DISPUTE_STEP_FAILED: "look at the provider's pages, then retry or skip",
    FRAUD_WARNING: 'cancel or refund it, or dismiss the warning',
    PAYMENT_REFUSED: "repair what the provider's text says, then dismiss",
  };
  return byReason[reason];
};

const everythingOf = async (deps: RecoveryDeps, order: Order) => {
  const { pg, readPayment } = deps;
  const { id, storeId, paymentIntentId } = order;
  const [timeline, attempts, refunds, returns, disputes, parcels, actions, breaks, held] =
    await Promise.all([
      listOrderEvents(pg, storeId, id, 0),
      listAttempts(pg, id),
      listRefunds(pg, id),
      listReturns(pg, id),
      listDisputes(pg, id),
      listParcels(pg, id),
      listActions(pg, { orderId: id }),
      breaksOf(pg, id),
      heldByProvider(pg, [id]),
    ]);
  const [workflow, hold, provider] = await Promise.all([
    ifThere(workflowOf(deps, id)),
    ifThere(holdOf(deps, order)),
    paymentIntentId ? ifThere(readPayment(paymentIntentId)) : null,
  ]);
  return {
    ...toStuckOrderResponse(order),
    nextAction: suggested(order),
    ...(order.note && { note: order.note }),
    timeline: timeline.map(withIsoDates),
    attempts: attempts.map(withIsoDates),
    ledger: { heldMinor: held.get(id) ?? 0 },
    refunds: refunds.map(withIsoDates),
    returns: returns.map(withIsoDates),
    disputes: disputes.map(withIsoDates),
    parcels: parcels.map(withIsoDates),
    workflow,
    hold,
    provider,
    breaks: breaks.map(withIsoDates),
    actions: actions.map(toActionResponse),
  };
};

const orderOf = async (
  { pg }: RecoveryDeps,
  { params }: Pick<RouteInput, 'params'>,
): Promise<Order> => {
  const id = params['id'] ?? '';
  const order = isId('order', id) ? await findOrder(pg, id) : undefined;
  if (!order) throw new DomainError('NOT_FOUND', 'no such order');
  return order;
};

/**
 * The caller's key, or a generated one: without a key of the caller the action is not repeatable.
 */
export const actionKey = (request: Request): string => {
  const key = request.headers.get(IDEMPOTENCY_KEY_HEADER);
  return key === null ? crypto.randomUUID() : checkedKey(key);
};

const actionRoute = (deps: RecoveryDeps, action: RepairAction): Route =>
  route({
    method: 'post',
    path: `/recovery/orders/:id/${action}`,
    summary: `Operators: ${action} an order; audited, once a key.`,
    needs: 'recovery',
    body: actionBodies[action],
    response: actedResponse,
    statuses: { 200: 'the result of the action', 409: 'ILLEGAL_TRANSITION' },
    handler: async (input) => {
      const { id: orderId } = await orderOf(deps, input);
      const operator = operatorOf(input.principal);
      const key = actionKey(input.request);
      const body = input.body as Record<string, unknown>;
      const done = await act(deps, { operator, key, orderId, action, body });
      const order = await orderOf(deps, input);
      return reply(
        { action: toActionResponse(done), order: toStuckOrderResponse(order) },
        200,
        NO_STORE,
      );
    },
  });

export const orderRoutes = (deps: RecoveryDeps): Route[] => [
  route({
    method: 'get',
    path: '/recovery/orders',
    summary: 'Orders with an attention, or undecided for too long.',
    needs: 'recovery',
    query: stuckQuery,
    response: stuckOrdersResponse,
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ query: { limit, cursor, ...filter } }) => {
      const after = cursor ? deps.cursors.open(LIST, cursor) : '';
      const items = await listStuck(deps.pg, filterOf(filter), after, limit + 1);
      const { cursors } = deps;
      const listing = { cursors, list: LIST, limit, items, toResponse: toStuckOrderResponse };
      return reply(listPage({ ...listing, positionOf: ({ id }) => id }), 200, NO_STORE);
    },
  }),
  route({
    method: 'get',
    path: '/recovery/orders/:id',
    summary: 'Everything known of one order.',
    needs: 'recovery',
    response: orderDetailsResponse,
    statuses: { 200: 'the order' },
    handler: async (input) =>
      reply(await everythingOf(deps, await orderOf(deps, input)), 200, NO_STORE),
  }),
  route({
    method: 'get',
    path: '/recovery/breaks',
    summary: 'Payments that do not reconcile with the provider.',
    needs: 'recovery',
    response: breaksResponse,
    statuses: { 200: 'the open breaks' },
    handler: async () =>
      reply({ items: (await listOpenBreaks(deps.pg)).map(withIsoDates) }, 200, NO_STORE),
  }),
  ...REPAIR_ACTIONS.map((action) => actionRoute(deps, action)),
];
