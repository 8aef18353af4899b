// What is stuck and why, everything known of one order, and what an operator may do about it.
import type { Client } from '@connectrpc/connect';
import { breaksOf, listOpenBreaks } from '../../db/postgres/orders/breaks.ts';
import { listDisputes } from '../../db/postgres/orders/disputes.ts';
import { listOrderEvents } from '../../db/postgres/orders/events.ts';
import { heldByProvider } from '../../db/postgres/orders/ledger.ts';
import { findOrder, type Order } from '../../db/postgres/orders/orders.ts';
import { listParcels } from '../../db/postgres/orders/parcels.ts';
import { listActions, listAttempts, listStuck } from '../../db/postgres/orders/recovery.ts';
import { listRefunds } from '../../db/postgres/orders/refunds.ts';
import { listReturns } from '../../db/postgres/orders/returns.ts';
import { MEND_ACTIONS, type AttentionReason, type MendAction } from '../../domain/attention.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId, reservationIdOf } from '../../domain/ids.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { fulfillOrderId, orderProgress } from '../../workflows/fulfill-order.contract.ts';
import type { Cursors } from '../http/cursors.ts';
import { operatorOf } from '../http/principals.ts';
import { json, route, type Ask, type Route } from '../http/routes.ts';
import { STORE_HEADER } from '../rpc/client.ts';
import { act, type ActingParts } from './act.ts';
import { isEnding } from '../../domain/order.ts';
import { actionBodies, filterOf, shownAction, shownStuck, stuckBy, stuckQuery } from './shapes.ts';

const NO_STORE = { 'cache-control': 'no-store' };
const LOOK_LIMIT_MS = 3_000;

export interface RecoveryParts extends ActingParts {
  cursors: Cursors;
  inventory: Client<typeof InventoryService>;
  /** The card provider's own view of an intent. */
  readPayment(intentId: string): Promise<unknown>;
}

/** What is away is said to be away; the rest of the answer stands. */
const ifThere = async (look: Promise<unknown>): Promise<unknown> => {
  const late = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => late.resolve({ unavailable: 'no answer in time' }), LOOK_LIMIT_MS);
  const seen = look.catch((error: unknown) => ({
    unavailable: error instanceof DomainError ? error.code : 'UNAVAILABLE',
  }));
  return Promise.race([seen, late.promise]).finally(() => clearTimeout(timer));
};

const storyOf = async ({ temporal }: RecoveryParts, id: string): Promise<unknown> => {
  const client = await temporal.client();
  const story = client.workflow.getHandle(fulfillOrderId(id));
  const { status, runId, historyLength } = await story.describe();
  const progress = status.name === 'RUNNING' ? await story.query(orderProgress) : undefined;
  return { workflowId: fulfillOrderId(id), runId, state: status.name, historyLength, progress };
};

const holdOf = async ({ inventory }: RecoveryParts, { id, storeId }: Order): Promise<unknown> => {
  const headers = { [STORE_HEADER]: storeId };
  const reservationId = reservationIdOf(id);
  const { reservation } = await inventory.getReservation({ reservationId }, { headers });
  return reservation && { state: reservation.state, lines: reservation.lines };
};

/** What would help, as far as the record alone tells. */
const suggested = (order: Order): string => {
  const { reason } = stuckBy(order);
  if (!reason) return isEnding(order.status) ? 'nothing' : 'wait';
  const byReason: Record<AttentionReason, string> = {
    STOCK_STEP_FAILED: 'retry, or cancel',
    PAYMENT_STEP_FAILED: 'look at the provider, then retry or cancel',
    REFUND_FAILED: 'retry gives the refund again, or pay it another way and resolve',
    SHIPMENT_STEP_FAILED: 'readdress and retry, or resolve with what became of the parcel',
    STOCK_LOST: 'cancel, or find the units and retry',
    UNDO_FAILED: 'retry',
    STORY_MISSING: 'retry starts the story from the record',
    NO_PROGRESS: 'retry',
  };
  return byReason[reason];
};

const everythingOf = async (parts: RecoveryParts, order: Order) => {
  const { pg, readPayment } = parts;
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
  const [story, hold, provider] = await Promise.all([
    ifThere(storyOf(parts, id)),
    ifThere(holdOf(parts, order)),
    paymentIntentId ? ifThere(readPayment(paymentIntentId)) : null,
  ]);
  return {
    ...shownStuck(order),
    nextAction: suggested(order),
    timeline,
    attempts,
    ledger: { heldMinor: held.get(id) ?? 0 },
    refunds,
    returns,
    disputes,
    parcels,
    story,
    hold,
    provider,
    breaks,
    actions: actions.map(shownAction),
  };
};

const orderOf = async ({ pg }: RecoveryParts, { params }: Pick<Ask, 'params'>): Promise<Order> => {
  const id = params['id'] ?? '';
  const order = isId('order', id) ? await findOrder(pg, id) : undefined;
  if (!order) throw new DomainError('NOT_FOUND', 'no such order');
  return order;
};

/** The caller's key, or one of the request's own: without one an action is not repeatable. */
const actionKey = (request: Request): string =>
  request.headers.get('idempotency-key')?.slice(0, 128) ?? crypto.randomUUID();

const actionRoute = (parts: RecoveryParts, action: MendAction): Route =>
  route({
    method: 'post',
    path: `/recovery/orders/:id/${action}`,
    summary: `Operators: ${action} an order; audited, once a key.`,
    needs: 'recovery',
    body: actionBodies[action],
    answers: { 200: 'what came of it', 409: 'ILLEGAL_TRANSITION' },
    answer: async (ask) => {
      const { id: orderId } = await orderOf(parts, ask);
      const operator = operatorOf(ask.principal);
      const key = actionKey(ask.request);
      const body = ask.body as Record<string, unknown>;
      const done = await act(parts, { operator, key, orderId, action, body });
      const order = await orderOf(parts, ask);
      return json({ action: shownAction(done), order: shownStuck(order) }, 200, NO_STORE);
    },
  });

export const recoveryRoutes = (parts: RecoveryParts): Route[] => [
  route({
    method: 'get',
    path: '/recovery/orders',
    summary: 'Orders that need a person or are undecided for too long.',
    needs: 'recovery',
    query: stuckQuery,
    answers: { 200: 'items and the cursor of the next page' },
    answer: async ({ query: { limit, cursor, ...filter } }) => {
      const after = cursor ? parts.cursors.open('recovery/orders', cursor) : '';
      const found = await listStuck(parts.pg, filterOf(filter), after, limit + 1);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      const nextCursor = last ? parts.cursors.seal('recovery/orders', last.id) : null;
      return json({ items: page.map(shownStuck), nextCursor }, 200, NO_STORE);
    },
  }),
  route({
    method: 'get',
    path: '/recovery/orders/:id',
    summary: 'Everything known of one order.',
    needs: 'recovery',
    answers: { 200: 'the order, from every side' },
    answer: async (ask) =>
      json(await everythingOf(parts, await orderOf(parts, ask)), 200, NO_STORE),
  }),
  route({
    method: 'get',
    path: '/recovery/breaks',
    summary: 'Payments that do not reconcile with the provider.',
    needs: 'recovery',
    answers: { 200: 'the open breaks' },
    answer: async () => json({ items: await listOpenBreaks(parts.pg) }, 200, NO_STORE),
  }),
  ...MEND_ACTIONS.map((action) => actionRoute(parts, action)),
];
