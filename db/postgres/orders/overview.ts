// The counts that recovery's overview shows.
import { sql, type SQL } from 'drizzle-orm';
import type { Pg } from '../client.ts';

/** A dispute's workflow looks at it once a day at least. */
const UNSEEN_DAYS_MAX = 3;

/** What has not ended of a kind and state, and the one that has not changed for longest. */
export interface OpenWork {
  kind: 'order' | 'refund' | 'return' | 'dispute';
  state: string;
  count: number;
  oldestId: string;
  oldestSeconds: number;
}

const OPEN_WORK = {
  order: sql`select id, status as state, updated_at as at from orders.orders
    where status in ('accepted', 'awaiting_payment', 'confirmed', 'packing', 'shipped')`,
  refund: sql`select id, state, created_at as at from orders.refunds
    where state in ('requested', 'pending')`,
  return: sql`select id, state, updated_at as at from orders.returns
    where state not in ('refunded', 'rejected', 'expired')`,
  dispute: sql`select id, state, looked_at as at from orders.disputes
    where state in ('opened', 'evidence_prepared', 'answered')`,
} as const satisfies Record<OpenWork['kind'], SQL>;

type OpenRow = Omit<OpenWork, 'kind'> & Record<string, unknown>;

/** By kind and state; read from the indexes of what is open. */
export const openWork = (pg: Pg): Promise<OpenWork[]> =>
  pg.query('orders.openWork', async (db) => {
    const work: OpenWork[] = [];
    for (const [kind, rows] of Object.entries(OPEN_WORK)) {
      const found = await db.execute<OpenRow>(sql`
        select distinct on (state) state, id as "oldestId",
          (count(*) over (partition by state))::int as count,
          extract(epoch from now() - at)::float8 as "oldestSeconds"
        from (${rows}) as open order by state, at`);
      for (const { state, count, oldestId, oldestSeconds } of found) {
        const age = Math.max(0, Math.round(oldestSeconds));
        work.push({ kind: kind as OpenWork['kind'], state, count, oldestId, oldestSeconds: age });
      }
    }
    return work;
  });

export interface OrdersOverview {
  /** The number of open orders per status. */
  byStatus: Record<string, number>;
  /** The number of attentions, per reason. */
  byReason: Record<string, number>;
  oldestUndecidedSeconds: number;
  undecided: number;
  /** Open disputes that are past their deadline or were not looked at for days. */
  disputesStalled: number;
  oldestStalledDisputeSeconds: number;
  /** The number of open reconciliation breaks. */
  breaks: number;
  /** Age of the newest payments that reconciliation has compared with the provider, in seconds. */
  paymentsComparedSeconds: number;
}

export const ordersOverview = (pg: Pg): Promise<OrdersOverview> =>
  pg.query('orders.overview', async (db) => {
    const statuses = await db.execute<{ status: string; count: number }>(
      // Uses the index of open orders, because ended orders keep growing in number.
      sql`select status, count(*)::int as count from orders.orders
        where status in ('accepted', 'awaiting_payment', 'confirmed', 'packing', 'shipped')
        group by status`,
    );
    const reasons = await db.execute<{ reason: string; count: number }>(sql`
      select one ->> 'reason' as reason, count(*)::int as count
      from orders.orders, jsonb_array_elements(attentions) as one
      where attentions <> '[]' group by 1`);
    const [undecided] = await db.execute<{ count: number; age: number }>(sql`
      select count(*)::int as count,
        coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as age
      from orders.orders where status in ('accepted', 'awaiting_payment')`);
    const [stalled] = await db.execute<{ count: number; age: number }>(sql`
      select count(*)::int as count,
        coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as age
      from orders.disputes
      where state in ('opened', 'evidence_prepared', 'answered')
        and ((state <> 'answered' and due_at < now())
          or looked_at < now() - make_interval(days => ${UNSEEN_DAYS_MAX}))`);
    const [broken] = await db.execute<{ count: number }>(
      sql`select count(*)::int as count from orders.breaks where resolved_at is null`,
    );
    const [compared] = await db.execute<{ age: number }>(sql`
      select (extract(epoch from now()) - at_us / 1000000.0)::float8 as age
      from orders.positions where lane = 'payments-new'`);
    return {
      disputesStalled: stalled?.count ?? 0,
      oldestStalledDisputeSeconds: Math.round(stalled?.age ?? 0),
      breaks: broken?.count ?? 0,
      paymentsComparedSeconds: Math.round(compared?.age ?? 0),
      byStatus: Object.fromEntries(statuses.map((row) => [row.status, row.count])),
      byReason: Object.fromEntries(reasons.map((row) => [row.reason, row.count])),
      undecided: undecided?.count ?? 0,
      oldestUndecidedSeconds: Math.round(undecided?.age ?? 0),
    };
  });
