// Refunds: granted once per request, never above the captured amount, owed until confirmed.
import { and, asc, eq, lt, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { grantedMinor } from '../../../domain/giving-back.ts';
import { paymentStatusAfter } from '../../../domain/order.ts';
import type { Pg, Tx } from '../client.ts';
import { refunds } from '../schema/orders.ts';
import { afterCaptureOf } from './after-capture.ts';
import { recordEvent } from './events.ts';
import { postEntry } from './ledger.ts';
import { lockOrder, type OrderRow } from './orders.ts';
import { PAYMENT_EVENTS, writeChange } from './steps.ts';

export type Refund = typeof refunds.$inferSelect;

export interface RefundInput {
  /** The request's id: `<orderId>/cancel`, a return's id, an operator's action. */
  id: string;
  storeId: string;
  orderId: string;
  /** Absent means the whole remaining amount. */
  amountMinor?: number | undefined;
  /** The amount is the most that is granted. */
  isAtMost?: boolean;
  reason: string;
}

/**
 * Grants a refund, once per request id, by the rule of what can be given back. Undefined when
 * nothing is left.
 * Throws REFUND_EXCEEDS_CAPTURE, IDEMPOTENCY_KEY_REUSED (same id, other amount).
 */
export const grantRefund = (pg: Pg, input: RefundInput): Promise<Refund | undefined> =>
  pg.transaction('refunds.grant', async (tx) => {
    const { id, storeId, orderId, amountMinor, reason } = input;
    const order = await lockOrder(tx, storeId, orderId);
    const [known] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (known) {
      const isSame = amountMinor === undefined || amountMinor === known.amountMinor;
      if (isSame || input.isAtMost) return known;
      throw new DomainError(
        'IDEMPOTENCY_KEY_REUSED',
        'this refund was requested with another amount',
      );
    }
    const amount = grantedMinor(await afterCaptureOf(tx, order), input);
    if (amount === 0) return undefined;
    const { currency } = order;
    const [made] = await tx
      .insert(refunds)
      .values({ id, storeId, orderId, amountMinor: amount, currency, reason, state: 'requested' })
      .returning();
    const row = await writeChange(tx, order, {});
    await recordEvent(tx, row, 'RefundRequested', { refundId: id, amountMinor: amount, reason });
    return made;
  });

export const refundById = (pg: Pg, id: string): Promise<Refund> =>
  pg.query('refunds.byId', async (db) => {
    const [row] = await db.select().from(refunds).where(eq(refunds.id, id));
    if (!row) throw new DomainError('NOT_FOUND', 'no such refund');
    return row;
  });

export const findRefundByProviderId = (pg: Pg, providerId: string): Promise<Refund | undefined> =>
  pg.query('refunds.byProviderId', async (db) => {
    const [row] = await db.select().from(refunds).where(eq(refunds.providerRefundId, providerId));
    return row;
  });

export const listRefunds = (pg: Pg, orderId: string): Promise<Refund[]> =>
  pg.query('refunds.list', (db) =>
    db.select().from(refunds).where(eq(refunds.orderId, orderId)).orderBy(refunds.createdAt),
  );

/** Pending refunds whose time to be looked at has come, the longest overdue first. */
export const listRefundsToLookAt = (pg: Pg, limit: number): Promise<Refund[]> =>
  pg.query('refunds.toLookAt', (db) =>
    db
      .select()
      .from(refunds)
      .where(and(eq(refunds.state, 'pending'), lt(refunds.lookAt, sql`now()`)))
      .orderBy(asc(refunds.lookAt))
      .limit(limit),
  );

/** Counts a look at a pending refund; the next one is due after `waitMs`. */
export const recordRefundLook = (pg: Pg, id: string, waitMs: number): Promise<void> =>
  pg.query('refunds.looked', async (db) => {
    const lookAt = sql`now() + make_interval(secs => ${waitMs / 1_000})`;
    const looks = sql`${refunds.looks} + 1`;
    await db.update(refunds).set({ lookAt, looks }).where(eq(refunds.id, id));
  });

const changeState = async (tx: Tx, id: string, state: Refund['state'], providerId?: string) => {
  const set = { state, updatedAt: new Date(), ...(providerId && { providerRefundId: providerId }) };
  await tx.update(refunds).set(set).where(eq(refunds.id, id));
};

/** Records that the provider accepted the refund; its outcome is still unknown. */
export const recordRefundSent = (pg: Pg, id: string, providerId: string): Promise<void> =>
  pg.transaction('refunds.sent', (tx) => changeState(tx, id, 'pending', providerId));

/** Posts a refund's ledger entry, forward or reversed, with the order's event. */
const book = async (tx: Tx, refund: Refund, order: OrderRow, isBack: boolean): Promise<void> => {
  const { id: reference, amountMinor } = refund;
  const refundedMinor = order.refundedMinor + (isBack ? -amountMinor : amountMinor);
  const status = paymentStatusAfter(order.totalMinor, refundedMinor);
  const paymentStatus = order.paymentStatus === 'disputed' ? 'disputed' : status;
  const row = await writeChange(tx, order, { refundedMinor, paymentStatus });
  const entry = isBack ? 'refund_failed' : 'refund';
  await postEntry(tx, order, { entry, reference, amountMinor });
  const type = isBack ? 'RefundFailed' : PAYMENT_EVENTS[status];
  await recordEvent(tx, row, type, { refundId: reference, amountMinor });
};

/** Records the provider's confirmation, once. */
export const recordRefundSucceeded = (pg: Pg, id: string, providerId: string): Promise<void> =>
  pg.transaction('refunds.succeeded', async (tx) => {
    const [seen] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (!seen) throw new DomainError('NOT_FOUND', 'no such refund');
    const order = await lockOrder(tx, seen.storeId, seen.orderId);
    const [refund] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (!refund || refund.state === 'succeeded') return;
    await changeState(tx, id, 'succeeded', providerId);
    await book(tx, refund, order, false);
  });

/**
 * Records that the provider failed the refund, possibly after it confirmed it; the entry is
 * reversed.
 */
export const recordRefundFailed = (pg: Pg, id: string): Promise<void> =>
  pg.transaction('refunds.failed', async (tx) => {
    const [seen] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (!seen) throw new DomainError('NOT_FOUND', 'no such refund');
    const order = await lockOrder(tx, seen.storeId, seen.orderId);
    const [refund] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (!refund || refund.state === 'failed') return;
    await changeState(tx, id, 'failed');
    if (refund.state === 'succeeded') await book(tx, refund, order, true);
  });
