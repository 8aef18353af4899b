// The provider's events: each stored once, delivered to its order's workflow, and kept for a
// period.
import { and, asc, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { msAgo, type Pg } from '../client.ts';
import { webhookEvents } from '../schema/orders.ts';

const KEPT_DAYS = 90;
const UNNOTIFIED_BATCH_MAX = 500;

export interface ProviderEvent {
  id: string;
  type: string;
  /** The event's order; undefined when it belongs to none. */
  orderId: string | undefined;
  /** The provider's object: an intent, a refund, a dispute. */
  objectId: string;
}

/** False when this event is stored and its workflow was notified. */
export const storeEvent = (pg: Pg, event: ProviderEvent): Promise<boolean> =>
  pg.query('webhooks.store', async (db) => {
    const [row] = await db
      .insert(webhookEvents)
      .values({ ...event, orderId: event.orderId ?? null })
      .onConflictDoUpdate({ target: webhookEvents.id, set: { id: event.id } })
      .returning({ notifiedAt: webhookEvents.notifiedAt });
    return row?.notifiedAt === null;
  });

export const recordNotified = (pg: Pg, id: string): Promise<void> =>
  pg.query('webhooks.notified', async (db) => {
    await db
      .update(webhookEvents)
      .set({ notifiedAt: sql`now()` })
      .where(eq(webhookEvents.id, id));
  });

/** Events of orders whose workflow was not notified for `olderThanMs`, oldest first. */
export const listUnnotified = (pg: Pg, olderThanMs: number): Promise<ProviderEvent[]> =>
  pg.query('webhooks.unnotified', async (db) => {
    const before = msAgo(olderThanMs);
    const rows = await db
      .select()
      .from(webhookEvents)
      .where(
        and(
          isNull(webhookEvents.notifiedAt),
          isNotNull(webhookEvents.orderId),
          lt(webhookEvents.receivedAt, before),
        ),
      )
      .orderBy(asc(webhookEvents.receivedAt))
      .limit(UNNOTIFIED_BATCH_MAX);
    return rows.map(({ id, type, orderId, objectId }) => ({
      id,
      type,
      orderId: orderId ?? undefined,
      objectId,
    }));
  });

/** Deletes events older than the retention period. */
export const forgetEvents = (pg: Pg): Promise<void> =>
  pg.query('webhooks.forget', async (db) => {
    const before = sql`now() - make_interval(days => ${KEPT_DAYS})`;
    await db.delete(webhookEvents).where(lt(webhookEvents.receivedAt, before));
  });
