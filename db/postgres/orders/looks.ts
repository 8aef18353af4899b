// Requests to look at an order's payment again, limited so that no client can flood a workflow.
import { and, eq, isNull, lt, or, sql } from 'drizzle-orm';
import { LOOK_LOST_MS, lookIntervalMs } from '../../../domain/history-limits.ts';
import { msAgo, type Pg } from '../client.ts';
import { orders } from '../schema/orders.ts';
import type { Order } from './orders.ts';

/**
 * Records a request and returns true when it is to be sent. False while the newest request is
 * unanswered, or too short a time ago.
 */
export const requestLook = (pg: Pg, { id, looks }: Order): Promise<boolean> =>
  pg.query('orders.requestLook', async (db) => {
    const { lookRequestedAt: requestedAt, looksAnswered } = orders;
    const isAnswered = or(eq(looksAnswered, looks), lt(requestedAt, msAgo(LOOK_LOST_MS)));
    const isDue = and(lt(requestedAt, msAgo(lookIntervalMs(looks))), isAnswered);
    const rows = await db
      .update(orders)
      .set({ looks: looks + 1, lookRequestedAt: sql`now()` })
      .where(and(eq(orders.id, id), eq(orders.looks, looks), or(isNull(requestedAt), isDue)))
      .returning({ id: orders.id });
    return rows.length > 0;
  });

/** The payment was read after this order was: the requests that it shows are answered. */
export const answerLooks = async (
  pg: Pg,
  { id, looks, looksAnswered }: Pick<Order, 'id' | 'looks' | 'looksAnswered'>,
): Promise<void> => {
  if (looks === looksAnswered) return;
  await pg.query('orders.answerLooks', (db) =>
    db
      .update(orders)
      .set({ looksAnswered: looks })
      .where(and(eq(orders.id, id), lt(orders.looksAnswered, looks))),
  );
};
