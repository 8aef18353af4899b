// Disputes of an order, with their ledger entries, and inquiries, which move no money.
import { and, asc, eq, gt, inArray, or, sql } from 'drizzle-orm';
import {
  isOver,
  isWithdrawn,
  OPEN_DISPUTE_STATES,
  type DisputeEnd,
  type DisputeState,
} from '../../../domain/disputes/dispute.ts';
import type { Evidence } from '../../../domain/disputes/evidence.ts';
import { paymentStatusAfter, type PaymentStatus } from '../../../domain/order.ts';
import type { Db, Pg, Tx } from '../client.ts';
import { disputes } from '../schema/orders-money.ts';
import { recordEvent } from './events.ts';
import { postEntry } from './ledger.ts';
import { lockOrder, type OrderRow } from './orders.ts';
import { writeChange } from './steps.ts';

export type Dispute = typeof disputes.$inferSelect;

export type DisputeDraft = Omit<Dispute, 'state' | 'evidence' | 'lookedAt' | 'updatedAt'>;

const find = async (db: Db | Tx, id: string): Promise<Dispute | undefined> => {
  const [row] = await db.select().from(disputes).where(eq(disputes.id, id));
  return row;
};

export const findDispute = (pg: Pg, id: string): Promise<Dispute | undefined> =>
  pg.query('disputes.find', (db) => find(db, id));

/** A dispute that was recorded. */
export const disputeById = async (pg: Pg, id: string): Promise<Dispute> => {
  const dispute = await findDispute(pg, id);
  if (!dispute) throw new Error('a dispute is read before it was recorded');
  return dispute;
};

/** Inserts it, or begins it anew where an inquiry has become a dispute. */
const put = async (tx: Tx, draft: DisputeDraft): Promise<void> => {
  const begun = { ...draft, state: 'opened' as const, evidence: {}, updatedAt: new Date() };
  await tx.insert(disputes).values(begun).onConflictDoUpdate({ target: disputes.id, set: begun });
};

/**
 * Records a dispute once: the provider holds its money until it is decided. An inquiry has no
 * entry; once it has become a dispute, the entry is posted.
 */
export const openDispute = (pg: Pg, draft: DisputeDraft): Promise<void> =>
  pg.transaction('disputes.open', async (tx) => {
    const { id, storeId, orderId, amountMinor, reason, isInquiry } = draft;
    const order = await lockOrder(tx, storeId, orderId);
    const known = await find(tx, id);
    if (known && (!known.isInquiry || isInquiry)) return;
    await put(tx, draft);
    const data = { disputeId: id, amountMinor, reason };
    if (isInquiry) return recordEvent(tx, await writeChange(tx, order, {}), 'InquiryOpened', data);
    await postEntry(tx, order, { entry: 'dispute', reference: id, amountMinor });
    const row = await writeChange(tx, order, { paymentStatus: 'disputed' });
    await recordEvent(tx, row, 'DisputeOpened', data);
  });

/** Stores the evidence to send, once. */
export const prepareEvidence = (pg: Pg, id: string, evidence: Evidence): Promise<void> =>
  pg.query('disputes.prepareEvidence', async (db) => {
    await db
      .update(disputes)
      .set({ evidence, state: 'evidence_prepared', updatedAt: new Date() })
      .where(and(eq(disputes.id, id), eq(disputes.state, 'opened')));
  });

/** Replaces fields of the evidence before it is sent; returns the dispute with all of it. */
export const changeEvidence = (pg: Pg, id: string, more: Evidence): Promise<Dispute> =>
  pg.query('disputes.changeEvidence', async (db) => {
    const evidence = sql`${disputes.evidence} || ${JSON.stringify(more)}::jsonb`;
    const [row] = await db
      .update(disputes)
      .set({ evidence, updatedAt: new Date() })
      .where(eq(disputes.id, id))
      .returning();
    if (!row) throw new Error('evidence is sent before its dispute was recorded');
    return row;
  });

/** Records that the provider has evidence. */
export const recordAnswered = (pg: Pg, id: string): Promise<void> =>
  pg.query('disputes.answered', async (db) => {
    const isUnanswered = inArray(disputes.state, ['opened', 'evidence_prepared']);
    await db
      .update(disputes)
      .set({ state: 'answered', updatedAt: new Date() })
      .where(and(eq(disputes.id, id), isUnanswered));
  });

/** Records that the provider was read now, and what it says of the deadline. */
export const recordLook = (pg: Pg, id: string, dueAt: Date | null): Promise<void> =>
  pg.query('disputes.looked', async (db) => {
    await db
      .update(disputes)
      .set({ dueAt, lookedAt: sql`now()` })
      .where(eq(disputes.id, id));
  });

const EVENTS: Record<DisputeEnd, string> = {
  won: 'DisputeWon',
  lost: 'DisputeLost',
  closed: 'InquiryClosed',
};

/** `disputed` while any dispute of the order holds money or has kept it. */
const statusOf = async (tx: Tx, order: OrderRow): Promise<PaymentStatus> => {
  const all = await tx.select().from(disputes).where(eq(disputes.orderId, order.id));
  if (all.some((dispute) => isWithdrawn(dispute))) return 'disputed';
  return paymentStatusAfter(order.totalMinor, order.refundedMinor);
};

/** Records the end once: what is not lost gives its money back, and an inquiry had taken none. */
export const concludeDispute = (
  pg: Pg,
  { id, storeId, orderId }: Pick<Dispute, 'id' | 'storeId' | 'orderId'>,
  end: DisputeEnd,
): Promise<void> =>
  pg.transaction('disputes.conclude', async (tx) => {
    const order = await lockOrder(tx, storeId, orderId);
    const dispute = await find(tx, id);
    if (!dispute || isOver(dispute.state)) return;
    const { amountMinor, isInquiry } = dispute;
    await tx.update(disputes).set({ state: end, updatedAt: new Date() }).where(eq(disputes.id, id));
    if (!isInquiry) {
      const entry = end === 'lost' ? 'dispute_lost' : 'dispute_won';
      await postEntry(tx, order, { entry, reference: id, amountMinor });
    }
    const changed = isInquiry ? {} : { paymentStatus: await statusOf(tx, order) };
    const row = await writeChange(tx, order, changed);
    await recordEvent(tx, row, EVENTS[end], { disputeId: id, amountMinor });
  });

export const listDisputes = (pg: Pg, orderId: string): Promise<Dispute[]> =>
  pg.query('disputes.list', (db) =>
    db.select().from(disputes).where(eq(disputes.orderId, orderId)).orderBy(disputes.createdAt),
  );

/** Disputes of a state, the open ones without one, of every store; oldest first. */
export const listDisputesIn = (
  pg: Pg,
  state: DisputeState | undefined,
  after: Pick<Dispute, 'createdAt' | 'id'> | undefined,
  limit: number,
): Promise<Dispute[]> =>
  pg.query('disputes.in', (db) => {
    const { createdAt, id } = disputes;
    const behind =
      after &&
      or(gt(createdAt, after.createdAt), and(eq(createdAt, after.createdAt), gt(id, after.id)));
    const states = state ? [state] : [...OPEN_DISPUTE_STATES];
    return db
      .select()
      .from(disputes)
      .where(and(inArray(disputes.state, states), behind))
      .orderBy(asc(createdAt), asc(id))
      .limit(limit);
  });

/** Those of the provider's disputes that are recorded. */
export const listKnownDisputes = (pg: Pg, ids: string[]): Promise<Set<string>> =>
  pg.query('disputes.known', async (db) => {
    const rows = await db
      .select({ id: disputes.id })
      .from(disputes)
      .where(inArray(disputes.id, ids));
    return new Set(rows.map(({ id }) => id));
  });
