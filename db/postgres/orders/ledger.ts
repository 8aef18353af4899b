// The double-entry ledger of orders' money: every entry is two rows that sum to zero.
import { sql } from 'drizzle-orm';
import type { Pg, Tx } from '../client.ts';
import { ledgerEntries } from '../schema/orders-money.ts';
import type { OrderRow } from './orders.ts';

type Row = typeof ledgerEntries.$inferInsert;
type EntryKind = Row['entry'];
type Account = Row['account'];

/** The debited and the credited account of each entry kind. */
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
  /** The refund or dispute, or the order itself; an entry is posted once per reference. */
  reference: string;
  amountMinor: number;
}

/** Posts an entry in the transaction of its cause; posting it again changes nothing. */
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

/**
 * The provider's balance of each of these orders by the ledger, in minor units; every order is
 * included.
 */
export const heldByProvider = (pg: Pg, orderIds: string[]): Promise<Map<string, number>> =>
  pg.query('ledger.held', async (db) => {
    const rows = await db.execute<{ order_id: string; held: number }>(sql`
      select order_id, sum(amount_minor)::int as held from orders.ledger_entries
      where order_id = any(string_to_array(${orderIds.join(',')}, ','))
        and account = 'card_provider'
      group by order_id`);
    return new Map(rows.map((row) => [row.order_id, row.held]));
  });
