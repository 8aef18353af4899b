// Orders in Postgres: accepted once per key, and found by id, key, owner or payment intent.
import { and, asc, desc, eq, gt, lt } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { ORDER_EVENTS } from '../../../domain/order.ts';
import type { Db, Pg, Tx } from '../client.ts';
import { checkoutKeys, orders } from '../schema/orders.ts';
import { recordEvent } from './events.ts';
import { orderOf, type Order, type OrderRow } from './order-row.ts';

export { orderOf, type Order, type OrderRow };

/** The key's owner, and the hash of the request sent under it. */
export interface CheckoutKey {
  storeId: string;
  principal: string;
  key: string;
  bodyHash: string;
}

export const noOrder = (): DomainError => new DomainError('NOT_FOUND', 'no such order');

const rowByKey = async (db: Db | Tx, checkoutKey: Omit<CheckoutKey, 'bodyHash'>) => {
  const [row] = await db
    .select({ order: orders, bodyHash: checkoutKeys.bodyHash })
    .from(checkoutKeys)
    .innerJoin(orders, eq(orders.id, checkoutKeys.orderId))
    .where(
      and(
        eq(checkoutKeys.storeId, checkoutKey.storeId),
        eq(checkoutKeys.principal, checkoutKey.principal),
        eq(checkoutKeys.key, checkoutKey.key),
      ),
    );
  return row;
};

const findByKey = async (db: Db | Tx, checkoutKey: CheckoutKey): Promise<Order | undefined> => {
  const row = await rowByKey(db, checkoutKey);
  if (!row) return undefined;
  if (row.bodyHash === checkoutKey.bodyHash) return orderOf(row.order);
  throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used with another body');
};

/** The order created under this key. Throws IDEMPOTENCY_KEY_REUSED for another body. */
export const findOrderByKey = (pg: Pg, checkoutKey: CheckoutKey): Promise<Order | undefined> =>
  pg.query('orders.findByKey', (db) => findByKey(db, checkoutKey));

/** The order created under a key, with any body. */
export const findOrderOfKey = (
  pg: Pg,
  checkoutKey: Omit<CheckoutKey, 'bodyHash'>,
): Promise<Order | undefined> =>
  pg.query('orders.findOfKey', async (db) => {
    const row = await rowByKey(db, checkoutKey);
    return row && orderOf(row.order);
  });

/** What is known of an order when it is accepted; the rest begins empty. */
export type OrderDraft = Omit<
  typeof orders.$inferInsert,
  'principal' | 'status' | 'paymentStatus' | 'sequence'
>;

/**
 * Accepts an order: its key, row, first event and outbox row in one transaction. A repeated key
 * returns the first order. Throws IDEMPOTENCY_KEY_REUSED.
 */
export const acceptOrder = (pg: Pg, checkoutKey: CheckoutKey, draft: OrderDraft): Promise<Order> =>
  pg.transaction('orders.accept', async (tx) => {
    const mine = await tx
      .insert(checkoutKeys)
      .values({ ...checkoutKey, orderId: draft.id })
      .onConflictDoNothing()
      .returning({ orderId: checkoutKeys.orderId });
    if (mine.length === 0) {
      const first = await findByKey(tx, checkoutKey);
      if (!first) throw new Error('a checkout key points to no order');
      return first;
    }
    const { principal } = checkoutKey;
    const [row] = await tx
      .insert(orders)
      .values({ ...draft, principal, status: 'accepted', paymentStatus: 'none', sequence: 1 })
      .returning();
    if (!row) throw new Error('an order was not inserted');
    await recordEvent(tx, row, ORDER_EVENTS.accepted, {});
    return orderOf(row);
  });

/** The order's row, locked, so that a decision on it is made once. Throws NOT_FOUND. */
export const lockOrder = async (tx: Tx, storeId: string, id: string): Promise<OrderRow> => {
  const [row] = await tx
    .select()
    .from(orders)
    .where(and(eq(orders.id, id), eq(orders.storeId, storeId)))
    .for('update');
  if (!row) throw noOrder();
  return row;
};

/** Throws NOT_FOUND, also for another store's order. */
export const orderById = (pg: Pg, storeId: string, id: string): Promise<Order> =>
  pg.query('orders.orderById', async (db) => {
    const [row] = await db
      .select()
      .from(orders)
      .where(and(eq(orders.id, id), eq(orders.storeId, storeId)));
    if (!row) throw noOrder();
    return orderOf(row);
  });

export interface OrdersPage {
  storeId: string;
  principal: string;
  /** Id of the last order already read, or empty. */
  before: string;
  limit: number;
}

/** A principal's orders, newest first. */
export const listOrdersOf = (pg: Pg, page: OrdersPage): Promise<Order[]> =>
  pg.query('orders.ofPrincipal', async (db) => {
    const { storeId, principal, before, limit } = page;
    const mine = and(eq(orders.storeId, storeId), eq(orders.principal, principal));
    const rows = await db
      .select()
      .from(orders)
      .where(before === '' ? mine : and(mine, lt(orders.id, before)))
      .orderBy(desc(orders.id))
      .limit(limit);
    return rows.map(orderOf);
  });

/** Any store's order of this payment intent, for the provider's events, which name no store. */
export const findOrderByIntent = (pg: Pg, intentId: string): Promise<Order | undefined> =>
  pg.query('orders.byIntent', async (db) => {
    const [row] = await db.select().from(orders).where(eq(orders.paymentIntentId, intentId));
    return row && orderOf(row);
  });

/** Any store's order, for callers that act for the operators. */
export const findOrder = (pg: Pg, id: string): Promise<Order | undefined> =>
  pg.query('orders.find', async (db) => {
    const [row] = await db.select().from(orders).where(eq(orders.id, id));
    return row && orderOf(row);
  });

/** Every order's newest event number by id, for comparing the read model with Postgres. */
export const listSequences = (
  pg: Pg,
  after: string,
  limit: number,
): Promise<{ id: string; storeId: string; sequence: number }[]> =>
  pg.query('orders.sequences', (db) =>
    db
      .select({ id: orders.id, storeId: orders.storeId, sequence: orders.sequence })
      .from(orders)
      .where(gt(orders.id, after))
      .orderBy(asc(orders.id))
      .limit(limit),
  );
