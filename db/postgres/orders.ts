// Orders in Postgres: accepted once per key, moved only along the table, each move with its news.
import { and, asc, eq, gt, lt, sql } from 'drizzle-orm';
import { DomainError } from '../../domain/errors.ts';
import {
  assertMove,
  ORDER_EVENTS,
  type OrderSnapshot,
  type OrderStatus,
  type PaymentStatus,
} from '../../domain/order.ts';
import { currencyOf } from '../../domain/money.ts';
import { orderChanged } from '../kafka/events.ts';
import type { Db, Pg, Tx } from './client.ts';
import { publish } from './outbox.ts';
import { checkoutKeys, orderEvents, orders, ordersOutbox } from './schema/orders.ts';

const EVENTS_MAX = 200;

export type OrderRow = typeof orders.$inferSelect;

export interface Order extends OrderSnapshot {
  paymentMethod: string;
  paymentIntentId: string | undefined;
  clientSecret: string | undefined;
  shipmentId: string | undefined;
  trackingNumber: string | undefined;
  sequence: number;
  createdAt: Date;
  updatedAt: Date;
}

const orderOf = (row: OrderRow): Order => ({
  id: row.id,
  storeId: row.storeId,
  status: row.status,
  paymentStatus: row.paymentStatus,
  totalMinor: row.totalMinor,
  currency: currencyOf(row.currency),
  lines: row.lines,
  email: row.email,
  shippingAddress: row.shippingAddress,
  paymentMethod: row.paymentMethod,
  paymentIntentId: row.paymentIntentId ?? undefined,
  clientSecret: row.clientSecret ?? undefined,
  shipmentId: row.shipmentId ?? undefined,
  trackingNumber: row.trackingNumber ?? undefined,
  sequence: row.sequence,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  ...(row.endCode && { endReason: { code: row.endCode, message: row.endMessage ?? '' } }),
});

/** Whose key it is, and what was asked under it. */
export interface CheckoutKey {
  storeId: string;
  principal: string;
  key: string;
  bodyHash: string;
}

const notFound = (): DomainError => new DomainError('NOT_FOUND', 'no such order');

const findByKey = async (db: Db | Tx, asked: CheckoutKey): Promise<Order | undefined> => {
  const [row] = await db
    .select({ order: orders, bodyHash: checkoutKeys.bodyHash })
    .from(checkoutKeys)
    .innerJoin(orders, eq(orders.id, checkoutKeys.orderId))
    .where(
      and(
        eq(checkoutKeys.storeId, asked.storeId),
        eq(checkoutKeys.principal, asked.principal),
        eq(checkoutKeys.key, asked.key),
      ),
    );
  if (!row) return undefined;
  if (row.bodyHash === asked.bodyHash) return orderOf(row.order);
  throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used with another body');
};

/** The order this key has made. IDEMPOTENCY_KEY_REUSED when it was another body's. */
export const findOrderByKey = (pg: Pg, asked: CheckoutKey): Promise<Order | undefined> =>
  pg.query('orders.findByKey', (db) => findByKey(db, asked));

const recordEvent = async (
  tx: Tx,
  row: OrderRow,
  type: string,
  data: Record<string, unknown>,
): Promise<void> => {
  const { id, storeId, sequence } = row;
  await tx.insert(orderEvents).values({ orderId: id, sequence, storeId, type, data });
  await publish(tx, ordersOutbox, [
    orderChanged({
      storeId,
      orderId: id,
      sequence,
      type,
      status: row.status,
      paymentStatus: row.paymentStatus,
      totalMinor: row.totalMinor,
      currency: row.currency,
      data,
    }),
  ]);
};

export type OrderDraft = Pick<
  OrderSnapshot,
  'id' | 'storeId' | 'totalMinor' | 'currency' | 'lines' | 'email' | 'shippingAddress'
> & { paymentMethod: string };

/**
 * Accepts an order: its key, itself, its first event and its news in one transaction.
 * The same key again answers the first order. IDEMPOTENCY_KEY_REUSED.
 */
export const acceptOrder = (pg: Pg, asked: CheckoutKey, draft: OrderDraft): Promise<Order> =>
  pg.transaction('orders.accept', async (tx) => {
    const mine = await tx
      .insert(checkoutKeys)
      .values({ ...asked, orderId: draft.id })
      .onConflictDoNothing()
      .returning({ orderId: checkoutKeys.orderId });
    if (mine.length === 0) {
      const first = await findByKey(tx, asked);
      if (!first) throw new Error('a checkout key points to no order');
      return first;
    }
    const [row] = await tx
      .insert(orders)
      .values({ ...draft, status: 'accepted', paymentStatus: 'none', sequence: 1 })
      .returning();
    if (!row) throw new Error('an order was not inserted');
    await recordEvent(tx, row, ORDER_EVENTS.accepted, {});
    return orderOf(row);
  });

/** NOT_FOUND, also for another store's order. */
export const orderById = (pg: Pg, storeId: string, id: string): Promise<Order> =>
  pg.query('orders.orderById', async (db) => {
    const [row] = await db
      .select()
      .from(orders)
      .where(and(eq(orders.id, id), eq(orders.storeId, storeId)));
    if (!row) throw notFound();
    return orderOf(row);
  });

/** One step of an order; what is absent stays as it is. */
export interface OrderStep {
  status?: OrderStatus;
  paymentStatus?: PaymentStatus;
  paymentMethod?: string;
  paymentIntentId?: string;
  clientSecret?: string | null;
  shipmentId?: string;
  trackingNumber?: string;
  endCode?: string;
  endMessage?: string;
  /** Facts of the event for the shopper. */
  data?: Record<string, unknown>;
}

const PAYMENT_EVENTS: Record<PaymentStatus, string> = {
  none: 'PaymentVoided',
  authorized: 'PaymentAuthorized',
  captured: 'PaymentCaptured',
  partially_refunded: 'PaymentPartiallyRefunded',
  refunded: 'PaymentRefunded',
  disputed: 'PaymentDisputed',
};

/**
 * Moves an order along its table and records what happened; a step already taken changes
 * nothing, so that every caller may repeat it. ILLEGAL_TRANSITION, NOT_FOUND.
 */
export const advanceOrder = (
  pg: Pg,
  storeId: string,
  id: string,
  { data = {}, ...step }: OrderStep,
): Promise<Order> =>
  pg.transaction('orders.advance', async (tx) => {
    const [present] = await tx
      .select()
      .from(orders)
      .where(and(eq(orders.id, id), eq(orders.storeId, storeId)))
      .for('update');
    if (!present) throw notFound();
    const moves = step.status !== undefined && step.status !== present.status;
    const pays = step.paymentStatus !== undefined && step.paymentStatus !== present.paymentStatus;
    if (moves && step.status) assertMove(present.status, step.status);
    const isNews = moves || pays;
    const [row] = await tx
      .update(orders)
      .set({ ...step, sequence: present.sequence + (isNews ? 1 : 0), updatedAt: new Date() })
      .where(eq(orders.id, id))
      .returning();
    if (!row) throw notFound();
    const type = moves ? ORDER_EVENTS[row.status] : PAYMENT_EVENTS[row.paymentStatus];
    if (isNews) await recordEvent(tx, row, type, data);
    return orderOf(row);
  });

export interface OrderEvent {
  sequence: number;
  type: string;
  data: Record<string, unknown>;
  createdAt: Date;
}

/** Events after a sequence number, oldest first, at most 200. */
export const listOrderEvents = (
  pg: Pg,
  storeId: string,
  orderId: string,
  after: number,
): Promise<OrderEvent[]> =>
  pg.query('orders.events', (db) =>
    db
      .select({
        sequence: orderEvents.sequence,
        type: orderEvents.type,
        data: orderEvents.data,
        createdAt: orderEvents.createdAt,
      })
      .from(orderEvents)
      .where(
        and(
          eq(orderEvents.orderId, orderId),
          eq(orderEvents.storeId, storeId),
          gt(orderEvents.sequence, after),
        ),
      )
      .orderBy(asc(orderEvents.sequence))
      .limit(EVENTS_MAX),
  );

/** Orders still `accepted` after `olderThanMs`, oldest first: perhaps nobody has begun them. */
export const listWaiting = (pg: Pg, olderThanMs: number, limit: number): Promise<Order[]> =>
  pg.query('orders.waiting', async (db) => {
    const before = sql`now() - make_interval(secs => ${olderThanMs / 1000})`;
    const rows = await db
      .select()
      .from(orders)
      .where(and(eq(orders.status, 'accepted'), lt(orders.createdAt, before)))
      .orderBy(asc(orders.createdAt))
      .limit(limit);
    return rows.map(orderOf);
  });
