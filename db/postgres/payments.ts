// Keys sent to the card provider, and mails sent: what must not be done twice is noted first.
import { and, eq, sql } from 'drizzle-orm';
import type { Pg } from './client.ts';
import { notifications, paymentKeys } from './schema/orders.ts';

/** The newest generation of a step's key; generation 1 is recorded when there is none. */
export const keyGeneration = (pg: Pg, orderId: string, verb: string): Promise<number> =>
  pg.query('payments.generation', async (db) => {
    await db.insert(paymentKeys).values({ orderId, verb, generation: 1 }).onConflictDoNothing();
    const [row] = await db
      .select({ newest: sql<number>`max(${paymentKeys.generation})::int` })
      .from(paymentKeys)
      .where(and(eq(paymentKeys.orderId, orderId), eq(paymentKeys.verb, verb)));
    return row?.newest ?? 1;
  });

/** Records the next generation before it is sent. */
export const recordGeneration = (
  pg: Pg,
  orderId: string,
  verb: string,
  generation: number,
): Promise<void> =>
  pg.query('payments.recordGeneration', async (db) => {
    await db.insert(paymentKeys).values({ orderId, verb, generation }).onConflictDoNothing();
  });

export const wasNotified = (pg: Pg, orderId: string, kind: string): Promise<boolean> =>
  pg.query('notifications.was', async (db) => {
    const rows = await db
      .select({ kind: notifications.kind })
      .from(notifications)
      .where(and(eq(notifications.orderId, orderId), eq(notifications.kind, kind)));
    return rows.length > 0;
  });

export const recordNotified = (pg: Pg, orderId: string, kind: string): Promise<void> =>
  pg.query('notifications.record', async (db) => {
    await db.insert(notifications).values({ orderId, kind }).onConflictDoNothing();
  });
