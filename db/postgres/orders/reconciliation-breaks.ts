// Reconciliation breaks: payments that differ from the provider's records, until they agree.
import { desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Pg } from '../client.ts';
import { orders } from '../schema/orders.ts';
import { breaks } from '../schema/orders-money.ts';
import { orderOf, type Order } from './orders.ts';

const BREAKS_MAX = 1_000;

export type ReconciliationBreak = typeof breaks.$inferSelect;
export type BreakDraft = Pick<ReconciliationBreak, 'id' | 'kind' | 'orderId' | 'facts'>;

export const listOpenBreaks = (pg: Pg): Promise<ReconciliationBreak[]> =>
  pg.query('breaks.open', (db) =>
    db
      .select()
      .from(breaks)
      .where(isNull(breaks.resolvedAt))
      .orderBy(desc(breaks.foundAt))
      .limit(BREAKS_MAX),
  );

/** The number of open breaks that each run compares again. */
const OPEN_MAX = 200;

const listed = (ids: string[]) => sql`any(string_to_array(${ids.join(',')}, ','))`;

/** Applies a comparison of payments: new breaks open, resolved ones close. */
export const putBreaks = (pg: Pg, compared: string[], found: BreakDraft[]): Promise<void> =>
  pg.transaction('breaks.put', async (tx) => {
    for (const one of found) {
      await tx
        .insert(breaks)
        .values(one)
        .onConflictDoUpdate({ target: breaks.id, set: { facts: one.facts, resolvedAt: null } });
    }
    await tx.execute(sql`
      update orders.breaks set resolved_at = now()
      where resolved_at is null and facts ->> 'intentId' = ${listed(compared)}
        and not id = ${listed(found.map(({ id }) => id))}`);
  });

/** The provider's payments with an open break, newest first. */
export const listOpenIntents = (pg: Pg): Promise<string[]> =>
  pg.query('breaks.intents', async (db) => {
    const rows = await db.execute<{ id: string }>(sql`
      select distinct facts ->> 'intentId' as id from (
        select facts from orders.breaks where resolved_at is null
        order by found_at desc limit ${OPEN_MAX}) as newest`);
    return rows.map(({ id }) => id);
  });

/** Payments of orders whose money moved in a period, by the ledger. */
export const listChangedIntents = (
  pg: Pg,
  { fromSeconds, toSeconds }: { fromSeconds: number; toSeconds: number },
): Promise<string[]> =>
  pg.query('breaks.changed', async (db) => {
    const rows = await db.execute<{ id: string }>(sql`
      select distinct o.payment_intent_id as id from orders.ledger_entries e
      join orders.orders o on o.id = e.order_id
      where e.created_at >= to_timestamp(${fromSeconds})
        and e.created_at < to_timestamp(${toSeconds}) and o.payment_intent_id is not null`);
    return rows.map(({ id }) => id);
  });

/** Orders by id, of any store. */
export const listOrdersById = (pg: Pg, ids: string[]): Promise<Order[]> =>
  pg.query('breaks.orders', async (db) => {
    if (ids.length === 0) return [];
    const rows = await db.select().from(orders).where(inArray(orders.id, ids));
    return rows.map(orderOf);
  });

/** The reconciliation breaks of an order. */
export const breaksOf = (pg: Pg, orderId: string): Promise<ReconciliationBreak[]> =>
  pg.query('breaks.ofOrder', (db) => db.select().from(breaks).where(eq(breaks.orderId, orderId)));
