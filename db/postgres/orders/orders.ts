// Orders in Postgres: accepted once per key, and found again by id, key, owner or intent.
import { and, asc, desc, eq, gt, lt } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { ORDER_EVENTS } from '../../../domain/order.ts';
import type { Db, Pg, Tx } from '../client.ts';
import { checkoutKeys, orders } from '../schema/orders.ts';
import { recordEvent } from './events.ts';
import { orderOf, type Order, type OrderRow } from './order-row.ts';

export { orderOf, type Order, type OrderRow };

/** Whose key it is, and what was asked under it. */
export interface CheckoutKey {
  storeId: string;
  principal: string;
  key: string;
  bodyHash: string;
}

export const noOrder = (): DomainError => new DomainError('NOT_FOUND', 'no such order');

const rowByKey = async (db: Db | Tx, asked: Omit<CheckoutKey, 'bodyHash'>) => {
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
  return row;
};

const findByKey = async (db: Db | Tx, asked: CheckoutKey): Promise<Order | undefined> => {
  const row = await rowByKey(db, asked);
  if (!row) return undefined;
  if (row.bodyHash === asked.bodyHash) return orderOf(row.order);
  throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used with another body');
};

/** The order this key has made. IDEMPOTENCY_KEY_REUSED when it was another body's. */
export const findOrderByKey = (pg: Pg, asked: CheckoutKey): Promise<Order | undefined> =>
  pg.query('orders.findByKey', (db) => findByKey(db, asked));

/** What a key has made, whatever body it was sent with. */
export const findOrderOfKey = (
  pg: Pg,
  asked: Omit<CheckoutKey, 'bodyHash'>,
): Promise<Order | undefined> =>
  pg.query('orders.findOfKey', async (db) => {
    const row = await rowByKey(db, asked);
    return row && orderOf(row.order);
  });

/** What is known of an order when it is accepted; the rest begins empty. */
export type OrderDraft = Omit<
  typeof orders.$inferInsert,
  'principal' | 'status' | 'paymentStatus' | 'sequence'
>;

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
    const { principal } = asked;
    const [row] = await tx
      .insert(orders)
      .values({ ...draft, principal, status: 'accepted', paymentStatus: 'none', sequence: 1 })
      .returning();
    if (!row) throw new Error('an order was not inserted');
    await recordEvent(tx, row, ORDER_EVENTS.accepted, {});
    return orderOf(row);
  });

/** The row under its lock, so that whatever is decided of it is decided once. NOT_FOUND. */
export const lockOrder = async (tx: Tx, storeId: string, id: string): Promise<OrderRow> => {
  const [row] = await tx
    .select()
    .from(orders)
    .where(and(eq(orders.id, id), eq(orders.storeId, storeId)))
    .for('update');
  if (!row) throw noOrder();
  return row;
};

/** NOT_FOUND, also for another store's order. */
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
  /** Id of the last one seen, or empty. */
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

/** Any store's order that this intent pays: for the provider's news, which name no store. */
export const findOrderByIntent = (pg: Pg, intentId: string): Promise<Order | undefined> =>
  pg.query('orders.byIntent', async (db) => {
    const [row] = await db.select().from(orders).where(eq(orders.paymentIntentId, intentId));
    return row && orderOf(row);
  });

/** Any store's order, for callers that act for the house and not for a store. */
export const findOrder = (pg: Pg, id: string): Promise<Order | undefined> =>
  pg.query('orders.find', async (db) => {
    const [row] = await db.select().from(orders).where(eq(orders.id, id));
    return row && orderOf(row);
  });

/** Every order's newest event number, by id; for comparing the read model with the truth. */
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
