// The queries of Order Recovery: stuck orders, attempts, and operators' actions.
import { and, asc, desc, eq, gt, inArray, lt, or, sql } from 'drizzle-orm';
import {
  UNDECIDED_MS_MAX,
  type AttentionReason,
  type AuditedAction,
} from '../../../domain/attention.ts';
import { DomainError } from '../../../domain/errors.ts';
import { newId } from '../../../domain/ids.ts';
import type { OrderStatus } from '../../../domain/order.ts';
import { msAgo, type Pg } from '../client.ts';
import { orders, paymentKeys, recoveryActions } from '../schema/orders.ts';
import { orderOf, type Order } from './orders.ts';
import type { Position } from './positions.ts';

const ACTIONS_MAX = 100;

export interface StuckFilter {
  reason?: AttentionReason | undefined;
  /** Stuck, or undecided, for at least this long. */
  olderThanMs?: number | undefined;
  sku?: string | undefined;
  paymentId?: string | undefined;
}

const UNDECIDED: OrderStatus[] = ['accepted', 'awaiting_payment'];

const OLDEST_SINCE = sql`(${orders.attentions} -> 0 ->> 'since')::timestamptz`;

/** Orders that need an operator or are undecided for longer than promised; oldest first. */
export const listStuck = (
  pg: Pg,
  { reason, olderThanMs, sku, paymentId }: StuckFilter,
  after: string,
  limit: number,
): Promise<Order[]> =>
  pg.query('recovery.stuck', async (db) => {
    const undecidedMs = Math.max(olderThanMs ?? 0, UNDECIDED_MS_MAX);
    const isStuck = or(
      and(
        sql`${orders.attentions} <> '[]'`,
        olderThanMs ? sql`${OLDEST_SINCE} < ${msAgo(olderThanMs)}` : undefined,
      ),
      and(inArray(orders.status, UNDECIDED), lt(orders.createdAt, msAgo(undecidedMs))),
    );
    const rows = await db
      .select()
      .from(orders)
      .where(
        and(
          paymentId ? eq(orders.paymentIntentId, paymentId) : isStuck,
          reason ? sql`${orders.attentions} @> ${JSON.stringify([{ reason }])}::jsonb` : undefined,
          sku ? sql`${orders.lines} @> ${JSON.stringify([{ sku }])}::jsonb` : undefined,
          after === '' ? undefined : gt(orders.id, after),
        ),
      )
      .orderBy(asc(orders.id))
      .limit(limit);
    return rows.map(orderOf);
  });

const behind = ({ atUs, id }: Position) =>
  sql`(${orders.updatedAt}, ${orders.id})
    > (timestamptz 'epoch' + ${atUs}::bigint * interval '1 microsecond', ${id})`;

const UPDATED_US = sql<number>`(extract(epoch from ${orders.updatedAt}) * 1000000)::float8`;

/** Orders sorted by their last change, and the end of the page. */
export interface PassedOrders {
  orders: Order[];
  end: Position;
}

const START: Position = { atUs: 0, id: '' };

/**
 * The next orders of these statuses after a position, unchanged for `quietMs`. Paging by position
 * reaches every order, however many there are.
 */
export const listUnchanged = (
  pg: Pg,
  statuses: OrderStatus[],
  quietMs: number,
  after: Position | undefined,
  limit: number,
): Promise<PassedOrders> =>
  pg.query('recovery.unchanged', async (db) => {
    const rows = await db
      .select({ row: orders, atUs: UPDATED_US })
      .from(orders)
      .where(
        and(
          inArray(orders.status, statuses),
          lt(orders.updatedAt, msAgo(quietMs)),
          behind(after ?? START),
        ),
      )
      .orderBy(asc(orders.updatedAt), asc(orders.id))
      .limit(limit);
    const last = rows.at(-1);
    return {
      orders: rows.map(({ row }) => orderOf(row)),
      end: last ? { atUs: last.atUs, id: last.row.id } : START,
    };
  });

/** Orders changed in a window of the past, in ms ago; newest first. */
export const listChanged = (
  pg: Pg,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  limit: number,
): Promise<Order[]> =>
  pg.query('recovery.changed', async (db) => {
    const rows = await db
      .select()
      .from(orders)
      .where(and(gt(orders.updatedAt, msAgo(fromMs)), lt(orders.updatedAt, msAgo(toMs))))
      .orderBy(desc(orders.updatedAt))
      .limit(limit);
    return rows.map(orderOf);
  });

/** Every key that was sent to the provider for an order, in the order of its steps. */
export const listAttempts = (pg: Pg, orderId: string) =>
  pg.query('recovery.attempts', (db) =>
    db
      .select({
        verb: paymentKeys.verb,
        generation: paymentKeys.generation,
        createdAt: paymentKeys.createdAt,
      })
      .from(paymentKeys)
      .where(eq(paymentKeys.orderId, orderId))
      .orderBy(asc(paymentKeys.createdAt))
      .limit(ACTIONS_MAX),
  );

export type RecoveryAction = typeof recoveryActions.$inferSelect;

export interface ActionInput {
  operator: string;
  key: string;
  orderId: string;
  batchId?: string | undefined;
  action: AuditedAction;
  body: Record<string, unknown>;
}

const isSame = (known: RecoveryAction, input: ActionInput): boolean =>
  known.orderId === input.orderId &&
  known.action === input.action &&
  Bun.deepEquals(known.body, input.body);

/** Records an operator's action, once per key. Throws IDEMPOTENCY_KEY_REUSED. */
export const recordAction = (pg: Pg, input: ActionInput): Promise<RecoveryAction> =>
  pg.transaction('recovery.record', async (tx) => {
    const row = { ...input, batchId: input.batchId ?? null, id: newId('action'), outcome: 'asked' };
    const [made] = await tx.insert(recoveryActions).values(row).onConflictDoNothing().returning();
    if (made) return made;
    const { operator, key } = input;
    const match = and(eq(recoveryActions.operator, operator), eq(recoveryActions.key, key));
    const [known] = await tx.select().from(recoveryActions).where(match);
    if (known && isSame(known, input)) return known;
    throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used for another action');
  });

/** Records the first outcome of an action: `done`, or the refusal's code and message. */
export const recordOutcome = (
  pg: Pg,
  id: string,
  outcome: string,
  message: string | null,
): Promise<void> =>
  pg.query('recovery.outcome', async (db) => {
    await db
      .update(recoveryActions)
      .set({ outcome, message, doneAt: sql`now()` })
      .where(and(eq(recoveryActions.id, id), eq(recoveryActions.outcome, 'asked')));
  });

export const listActions = (
  pg: Pg,
  by: { orderId: string } | { batchId: string },
): Promise<RecoveryAction[]> =>
  pg.query('recovery.actions', (db) =>
    db
      .select()
      .from(recoveryActions)
      .where(
        'orderId' in by
          ? eq(recoveryActions.orderId, by.orderId)
          : eq(recoveryActions.batchId, by.batchId),
      )
      .orderBy(desc(recoveryActions.createdAt))
      .limit(ACTIONS_MAX * 10),
  );
