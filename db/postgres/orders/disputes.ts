// Disputes of an order: opened, answered, won or lost, with their ledger entries.
import { eq } from 'drizzle-orm';
import { paymentStatusAfter } from '../../../domain/order.ts';
import type { Pg } from '../client.ts';
import { disputes } from '../schema/orders.ts';
import { recordEvent } from './events.ts';
import { postEntry } from './ledger.ts';
import { lockOrder } from './orders.ts';
import { writeChange } from './steps.ts';

export type Dispute = typeof disputes.$inferSelect;

export type DisputeDraft = Pick<
  Dispute,
  'id' | 'storeId' | 'orderId' | 'amountMinor' | 'currency' | 'reason'
>;

/** Records a dispute once: the provider holds the money until it is decided. */
export const openDispute = (pg: Pg, draft: DisputeDraft): Promise<void> =>
  pg.transaction('disputes.open', async (tx) => {
    const { id, storeId, orderId, amountMinor, reason } = draft;
    const order = await lockOrder(tx, storeId, orderId);
    const made = await tx
      .insert(disputes)
      .values({ ...draft, state: 'opened', evidence: {} })
      .onConflictDoNothing()
      .returning({ id: disputes.id });
    if (made.length === 0) return;
    await postEntry(tx, order, { entry: 'dispute', reference: id, amountMinor });
    const row = await writeChange(tx, order, { paymentStatus: 'disputed' });
    await recordEvent(tx, row, 'DisputeOpened', { disputeId: id, amountMinor, reason });
  });

export const recordEvidence = (
  pg: Pg,
  id: string,
  evidence: Record<string, string>,
): Promise<void> =>
  pg.query('disputes.evidence', async (db) => {
    const set = { evidence, state: 'answered' as const, updatedAt: new Date() };
    await db.update(disputes).set(set).where(eq(disputes.id, id));
  });

export const listDisputes = (pg: Pg, orderId: string): Promise<Dispute[]> =>
  pg.query('disputes.list', (db) =>
    db.select().from(disputes).where(eq(disputes.orderId, orderId)).orderBy(disputes.createdAt),
  );

/**
 * Records the verdict once: a won dispute returns the money, a lost one is a loss and stays
 * `disputed`.
 */
export const concludeDispute = (pg: Pg, id: string, verdict: 'won' | 'lost'): Promise<void> =>
  pg.transaction('disputes.conclude', async (tx) => {
    const [dispute] = await tx.select().from(disputes).where(eq(disputes.id, id)).for('update');
    if (!dispute || dispute.state === 'won' || dispute.state === 'lost') return;
    const set = { state: verdict, updatedAt: new Date() };
    await tx.update(disputes).set(set).where(eq(disputes.id, id));
    const { storeId, orderId, amountMinor } = dispute;
    const order = await lockOrder(tx, storeId, orderId);
    const entry = verdict === 'won' ? 'dispute_won' : 'dispute_lost';
    await postEntry(tx, order, { entry, reference: id, amountMinor });
    const paymentStatus =
      verdict === 'won' ? paymentStatusAfter(order.totalMinor, order.refundedMinor) : 'disputed';
    const row = await writeChange(tx, order, { paymentStatus });
    const type = verdict === 'won' ? 'DisputeWon' : 'DisputeLost';
    await recordEvent(tx, row, type, { disputeId: id, amountMinor });
  });
