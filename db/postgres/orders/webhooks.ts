// The providers' events: each stored once, delivered to its workflow, and kept for a period.
import { and, asc, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { msAgo, type Pg } from '../client.ts';
import { webhookEvents } from '../schema/orders-money.ts';

const KEPT_DAYS = 90;
const UNNOTIFIED_BATCH_MAX = 500;

export interface ProviderEvent {
  source: 'stripe' | 'carrier';
  /** Unique among the source's own. */
  id: string;
  type: string;
  /** The order or the return that it is about; undefined when there is none. */
  reference: string | undefined;
  /** The provider's object: an intent, a refund, a dispute, a shipment. */
  objectId: string;
}

/**
 * True when it is new. Its workflow is notified by the one call that stores it, and by the sweep
 * where that fails: copies that come at the same time are one notification.
 */
export const storeEvent = (pg: Pg, event: ProviderEvent): Promise<boolean> =>
  pg.query('webhooks.store', async (db) => {
    const rows = await db
      .insert(webhookEvents)
      .values({ ...event, reference: event.reference ?? null })
      .onConflictDoNothing()
      .returning({ id: webhookEvents.id });
    return rows.length > 0;
  });

export const recordNotified = (
  pg: Pg,
  { source, id }: Pick<ProviderEvent, 'source' | 'id'>,
): Promise<void> =>
  pg.query('webhooks.notified', async (db) => {
    await db
      .update(webhookEvents)
      .set({ notifiedAt: sql`now()` })
      .where(and(eq(webhookEvents.source, source), eq(webhookEvents.id, id)));
  });

/** Events whose workflow was not notified for `olderThanMs`, oldest first. */
export const listUnnotified = (pg: Pg, olderThanMs: number): Promise<ProviderEvent[]> =>
  pg.query('webhooks.unnotified', async (db) => {
    const before = msAgo(olderThanMs);
    const rows = await db
      .select()
      .from(webhookEvents)
      .where(
        and(
          isNull(webhookEvents.notifiedAt),
          isNotNull(webhookEvents.reference),
          lt(webhookEvents.receivedAt, before),
        ),
      )
      .orderBy(asc(webhookEvents.receivedAt))
      .limit(UNNOTIFIED_BATCH_MAX);
    return rows.map(({ source, id, type, reference, objectId }) => ({
      source,
      id,
      type,
      reference: reference ?? undefined,
      objectId,
    }));
  });

/** Deletes events older than the retention period. */
export const forgetEvents = (pg: Pg): Promise<void> =>
  pg.query('webhooks.forget', async (db) => {
    const before = sql`now() - make_interval(days => ${KEPT_DAYS})`;
    await db.delete(webhookEvents).where(lt(webhookEvents.receivedAt, before));
  });
