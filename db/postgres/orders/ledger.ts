// The double-entry ledger of orders' money: every entry is two rows that sum to zero.
import { sql } from 'drizzle-orm';
import type { Pg, Tx } from '../client.ts';
import { ledgerEntries } from '../schema/orders.ts';
import type { OrderRow } from './orders.ts';

type Row = typeof ledgerEntries.$inferInsert;
type EntryKind = Row['entry'];
type Account = Row['account'];

/** Which account gets and which gives, per unit of an entry's amount. */
const SIDES: Record<EntryKind, { to: Account; from: Account }> = {
  capture: { to: 'card_provider', from: 'sales' },
  refund: { to: 'sales', from: 'card_provider' },
  refund_failed: { to: 'card_provider', from: 'sales' },
  dispute: { to: 'disputed', from: 'card_provider' },
  dispute_won: { to: 'card_provider', from: 'disputed' },
  dispute_lost: { to: 'losses', from: 'disputed' },
};

export interface Entry {
  entry: EntryKind;
  /** The refund or dispute, or the order itself: an entry of one reference is posted once. */
  reference: string;
  amountMinor: number;
}

/** Posts an entry in the transaction of what it is about; posting it again changes nothing. */
export const postEntry = async (
  tx: Tx,
  { id: orderId, storeId, currency }: Pick<OrderRow, 'id' | 'storeId' | 'currency'>,
  { entry, reference, amountMinor }: Entry,
): Promise<void> => {
  const { to, from } = SIDES[entry];
  const row = { storeId, orderId, entry, reference, currency };
  await tx
    .insert(ledgerEntries)
    .values([
      { ...row, account: to, amountMinor },
      { ...row, account: from, amountMinor: -amountMinor },
    ])
    .onConflictDoNothing();
};

/** What the ledger says the provider holds of an order, in minor units. */
export const heldByProvider = (pg: Pg, orderId: string): Promise<number> =>
  pg.query('ledger.held', async (db) => {
    const [row] = await db.execute<{ held: number }>(sql`
      select coalesce(sum(amount_minor), 0)::int as held from orders.ledger_entries
      where order_id = ${orderId} and account = 'card_provider'`);
    return row?.held ?? 0;
  });
