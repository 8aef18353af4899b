// Refunds: granted once per request, never above the captured amount, owed until confirmed.
import { and, asc, eq, gt, inArray, isNull, lt, ne, sql } from 'drizzle-orm';
import { refundStep, type Attention } from '../../../domain/attention.ts';
import { DomainError } from '../../../domain/errors.ts';
import { grantedMinor } from '../../../domain/giving-back.ts';
import { paymentStatusAfter } from '../../../domain/order.ts';
import type { Pg, Tx } from '../client.ts';
import { refunds } from '../schema/orders-money.ts';
import { afterCaptureOf } from './after-capture.ts';
import { recordEvent } from './events.ts';
import { postEntry } from './ledger.ts';
import { lockOrder, type OrderRow } from './orders.ts';
import { cleared, PAYMENT_EVENTS, raisedOn, writeChange } from './steps.ts';

export type Refund = typeof refunds.$inferSelect;

export interface RefundInput {
  /** The request's id: `<orderId>/cancel`, a return's id, an operator's action. */
  id: string;
  storeId: string;
  orderId: string;
  /** Absent means the whole remaining amount. */
  amountMinor?: number | undefined;
  /** It is owed: at most what is left is granted, and nothing while a dispute holds of it. */
  isOwed?: boolean;
  reason: string;
  /** A refund of the order that has failed; one refund at most makes up for it. */
  replaces?: string | undefined;
}

/** True when the refund has failed, and no other one makes up for it. */
const isReplaceable = async (tx: Tx, orderId: string, id: string): Promise<boolean> => {
  const [failed] = await tx.select().from(refunds).where(eq(refunds.id, id));
  const isInstead = and(eq(refunds.replaces, id), ne(refunds.state, 'failed'));
  const [instead] = await tx.select().from(refunds).where(isInstead);
  return failed?.orderId === orderId && failed.state === 'failed' && !instead;
};

/**
 * Grants a refund, once per request id, by the rule of what can be given back. Undefined when
 * nothing is left, or when what it replaces is made up for already. A failed refund that it
 * replaces waits for an operator no longer.
 * Throws REFUND_EXCEEDS_CAPTURE, AMOUNT_NOT_CHARGEABLE, IDEMPOTENCY_KEY_REUSED (same id, other
 * amount).
 */
export const grantRefund = (pg: Pg, input: RefundInput): Promise<Refund | undefined> =>
  pg.transaction('refunds.grant', async (tx) => {
    const { id, storeId, orderId, amountMinor, reason, replaces } = input;
    const order = await lockOrder(tx, storeId, orderId);
    const [known] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (known) {
      const isSame = amountMinor === undefined || amountMinor === known.amountMinor;
      if (isSame || input.isOwed) return known;
      throw new DomainError(
        'IDEMPOTENCY_KEY_REUSED',
        'this refund was requested with another amount',
      );
    }
    if (replaces !== undefined && !(await isReplaceable(tx, orderId, replaces))) return undefined;
    const amount = grantedMinor(await afterCaptureOf(tx, order), input);
    if (amount === 0) return undefined;
    const { currency } = order;
    const draft = { id, storeId, orderId, amountMinor: amount, currency, reason, replaces };
    const [made] = await tx
      .insert(refunds)
      .values({ ...draft, state: 'requested' })
      .returning();
    const isReplaced = ({ step }: { step: string }): boolean =>
      replaces !== undefined && step === refundStep(replaces);
    const row = await writeChange(tx, await cleared(tx, order, isReplaced), {});
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

/** Refunds of which the provider has not said anything, by their ids. */
export const listUnsentRefunds = (
  pg: Pg,
  { after, limit }: { after: string; limit: number },
): Promise<Refund[]> =>
  pg.query('refunds.unsent', (db) =>
    db
      .select()
      .from(refunds)
      .where(
        and(
          inArray(refunds.state, ['requested', 'pending']),
          isNull(refunds.lookAt),
          gt(refunds.id, after),
        ),
      )
      .orderBy(asc(refunds.id))
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
  pg.query('refunds.sent', async (db) => {
    const set = { state: 'pending' as const, updatedAt: new Date(), providerRefundId: providerId };
    // An attempt that is late finds what another one has recorded since.
    const isUnsent = and(eq(refunds.id, id), eq(refunds.state, 'requested'));
    await db.update(refunds).set(set).where(isUnsent);
  });

/** Posts a refund's ledger entry, forward or reversed, with the order's event. */
const book = async (
  tx: Tx,
  refund: Refund,
  order: OrderRow,
  isBack: boolean,
): Promise<OrderRow> => {
  const { id: reference, amountMinor } = refund;
  const refundedMinor = order.refundedMinor + (isBack ? -amountMinor : amountMinor);
  const status = paymentStatusAfter(order.totalMinor, refundedMinor);
  const paymentStatus = order.paymentStatus === 'disputed' ? 'disputed' : status;
  const row = await writeChange(tx, order, { refundedMinor, paymentStatus });
  const entry = isBack ? 'refund_failed' : 'refund';
  await postEntry(tx, order, { entry, reference, amountMinor });
  const type = isBack ? 'RefundFailed' : PAYMENT_EVENTS[status];
  await recordEvent(tx, row, type, { refundId: reference, amountMinor });
  return row;
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
 * Records once that the provider failed the refund, possibly after it confirmed it: the entry is
 * reversed, and the order waits for an operator.
 */
export const recordRefundFailed = (
  pg: Pg,
  id: string,
  raised: Omit<Attention, 'id' | 'since'>,
): Promise<void> =>
  pg.transaction('refunds.failed', async (tx) => {
    const [seen] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (!seen) throw new DomainError('NOT_FOUND', 'no such refund');
    const order = await lockOrder(tx, seen.storeId, seen.orderId);
    const [refund] = await tx.select().from(refunds).where(eq(refunds.id, id));
    if (!refund || refund.state === 'failed') return;
    await changeState(tx, id, 'failed');
    const isBooked = refund.state === 'succeeded';
    await raisedOn(tx, isBooked ? await book(tx, refund, order, true) : order, raised);
  });
