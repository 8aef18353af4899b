// Breaks: payments that do not reconcile with the provider's books, until they do.
import { desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Pg } from '../client.ts';
import { breaks, orders } from '../schema/orders.ts';
import { orderOf, type Order } from './orders.ts';

const BREAKS_MAX = 1_000;

export type Break = typeof breaks.$inferSelect;
export type BreakDraft = Pick<Break, 'id' | 'kind' | 'orderId' | 'facts'>;

export const listOpenBreaks = (pg: Pg): Promise<Break[]> =>
  pg.query('breaks.open', (db) =>
    db
      .select()
      .from(breaks)
      .where(isNull(breaks.resolvedAt))
      .orderBy(desc(breaks.foundAt))
      .limit(BREAKS_MAX),
  );

/** Takes over what a reconciliation found: new ones open, those that are gone are resolved. */
export const putBreaks = (pg: Pg, found: BreakDraft[]): Promise<void> =>
  pg.transaction('breaks.put', async (tx) => {
    for (const one of found) {
      await tx
        .insert(breaks)
        .values(one)
        .onConflictDoUpdate({ target: breaks.id, set: { facts: one.facts, resolvedAt: null } });
    }
    const ids = new Set(found.map(({ id }) => id));
    const open = await tx.select({ id: breaks.id }).from(breaks).where(isNull(breaks.resolvedAt));
    const gone = open.map(({ id }) => id).filter((id) => !ids.has(id));
    if (gone.length > 0) {
      await tx
        .update(breaks)
        .set({ resolvedAt: sql`now()` })
        .where(inArray(breaks.id, gone));
    }
  });

/** The orders of these ids, whatever their store. */
export const listOrdersById = (pg: Pg, ids: string[]): Promise<Order[]> =>
  pg.query('breaks.orders', async (db) => {
    if (ids.length === 0) return [];
    const rows = await db.select().from(orders).where(inArray(orders.id, ids));
    return rows.map(orderOf);
  });

/** True while an order has a break that is not resolved. */
export const breaksOf = (pg: Pg, orderId: string): Promise<Break[]> =>
  pg.query('breaks.ofOrder', (db) => db.select().from(breaks).where(eq(breaks.orderId, orderId)));
