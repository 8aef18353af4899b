// Keys of calls to external providers, recorded before the call so that it is not made twice.
import { and, desc, eq } from 'drizzle-orm';
import type { Pg } from '../client.ts';
import { notifications, paymentKeys } from '../schema/orders.ts';

export interface KeyGeneration {
  generation: number;
  /** Milliseconds since it was first recorded. */
  ageMs: number;
}

/** The newest generation of a step's key; generation 1 is recorded when there is none. */
export const keyGeneration = (pg: Pg, orderId: string, verb: string): Promise<KeyGeneration> =>
  pg.query('payments.generation', async (db) => {
    await db.insert(paymentKeys).values({ orderId, verb, generation: 1 }).onConflictDoNothing();
    const [row] = await db
      .select()
      .from(paymentKeys)
      .where(and(eq(paymentKeys.orderId, orderId), eq(paymentKeys.verb, verb)))
      .orderBy(desc(paymentKeys.generation))
      .limit(1);
    if (!row) throw new Error('a recorded key has no row');
    return { generation: row.generation, ageMs: Date.now() - row.createdAt.getTime() };
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

/** Forgets a step that was refused: it has no effect to undo. */
export const forgetKeys = (pg: Pg, orderId: string, verb: string): Promise<void> =>
  pg.query('payments.forgetKeys', async (db) => {
    await db
      .delete(paymentKeys)
      .where(and(eq(paymentKeys.orderId, orderId), eq(paymentKeys.verb, verb)));
  });

/** True when a key of this step was recorded, and so possibly sent. */
export const wasSent = (pg: Pg, orderId: string, verb: string): Promise<boolean> =>
  pg.query('payments.wasSent', async (db) => {
    const match = and(eq(paymentKeys.orderId, orderId), eq(paymentKeys.verb, verb));
    const rows = await db
      .select({ verb: paymentKeys.verb })
      .from(paymentKeys)
      .where(match)
      .limit(1);
    return rows.length > 0;
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
