// The tables of the orders schema about money: the books, refunds, disputes, the provider's events.
import { sql } from 'drizzle-orm';
import {
  bigserial,
  boolean,
  check,
  index,
  integer,
  jsonb,
  primaryKey,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { BREAK_KINDS } from '../../../domain/attention.ts';
import { DISPUTE_STATES } from '../../../domain/disputes/dispute.ts';
import type { Evidence } from '../../../domain/disputes/evidence.ts';
import { REFUND_STATES } from '../../../domain/order.ts';
import { ordersSchema } from './orders.ts';

/** Two rows per entry that sum to zero; `card_provider` is the balance held by the provider. */
export const ledgerEntries = ordersSchema.table(
  'ledger_entries',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    storeId: text('store_id').notNull(),
    orderId: text('order_id').notNull(),
    entry: text({
      enum: ['capture', 'refund', 'refund_failed', 'dispute', 'dispute_won', 'dispute_lost'],
    }).notNull(),
    /** The refund or dispute; the order itself for a capture. */
    reference: text().notNull(),
    account: text({ enum: ['card_provider', 'sales', 'disputed', 'losses'] }).notNull(),
    amountMinor: integer('amount_minor').notNull(),
    currency: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('ledger_entries_created_at_idx').on(table.createdAt),
    unique('ledger_entries_reference_key').on(
      table.orderId,
      table.entry,
      table.reference,
      table.account,
    ),
  ],
);

/** One row per granted refund; owed until the provider confirms it. */
export const refunds = ordersSchema.table(
  'refunds',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    orderId: text('order_id').notNull(),
    amountMinor: integer('amount_minor').notNull(),
    currency: text().notNull(),
    reason: text().notNull(),
    state: text({ enum: REFUND_STATES }).notNull(),
    providerRefundId: text('provider_refund_id'),
    /** The refund that the bank has refused, and which this one makes up for. */
    replaces: text(),
    /** When the provider is asked next, once it has said that the refund is pending. */
    lookAt: timestamp('look_at', { withTimezone: true }),
    looks: integer().notNull().default(0),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('refunds_order_id_idx').on(table.orderId),
    index('refunds_provider_refund_id_idx').on(table.providerRefundId),
    index('refunds_owed_idx')
      .on(table.createdAt)
      .where(sql`${table.state} in ('requested', 'pending')`),
    index('refunds_look_at_idx')
      .on(table.lookAt)
      .where(sql`${table.state} = 'pending'`),
    check('refunds_amount_minor_check', sql`${table.amountMinor} > 0`),
  ],
);

export const disputes = ordersSchema.table(
  'disputes',
  {
    /** The provider's id. */
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    orderId: text('order_id').notNull(),
    amountMinor: integer('amount_minor').notNull(),
    currency: text().notNull(),
    reason: text().notNull(),
    /** The bank only asks: no money has moved. */
    isInquiry: boolean('is_inquiry').notNull(),
    state: text({ enum: DISPUTE_STATES }).notNull(),
    /** What is sent to the bank, or was. */
    evidence: jsonb().$type<Evidence>().notNull(),
    /** The provider's deadline of the evidence; null when the bank takes none. */
    dueAt: timestamp('due_at', { withTimezone: true }),
    /** When it was last read at the provider. */
    lookedAt: timestamp('looked_at', { withTimezone: true }).notNull().defaultNow(),
    /** When the provider received it. */
    createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('disputes_order_id_idx').on(table.orderId),
    index('disputes_state_created_at_id_idx').on(table.state, table.createdAt, table.id),
  ],
);

/** Providers that send events. */
const PROVIDERS = ['stripe', 'carrier'] as const;

/** The providers' events, each stored once; one without a reference waits for reconciliation. */
export const webhookEvents = ordersSchema.table(
  'webhook_events',
  {
    source: text({ enum: PROVIDERS }).notNull(),
    /** Unique among the source's own. */
    id: text().notNull(),
    type: text().notNull(),
    /** The order or the return whose workflow it is for. */
    reference: text(),
    /** The id of the provider's object. */
    objectId: text('object_id').notNull(),
    receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
    /** When the workflow was notified; null until then. */
    notifiedAt: timestamp('notified_at', { withTimezone: true }),
  },
  (table) => [
    primaryKey({ name: 'webhook_events_pkey', columns: [table.source, table.id] }),
    index('webhook_events_received_at_idx').on(table.receivedAt),
    index('webhook_events_unnotified_idx')
      .on(table.receivedAt)
      .where(sql`${table.notifiedAt} is null and ${table.reference} is not null`),
  ],
);

/** Reconciliation breaks: payments that differ from the provider's records. */
export const breaks = ordersSchema.table('breaks', {
  /** `<kind>/<the provider's id>`: the same break found again has the same id. */
  id: text().primaryKey(),
  kind: text({ enum: BREAK_KINDS }).notNull(),
  orderId: text('order_id'),
  facts: jsonb().$type<Record<string, unknown>>().notNull(),
  foundAt: timestamp('found_at', { withTimezone: true }).notNull().defaultNow(),
  resolvedAt: timestamp('resolved_at', { withTimezone: true }),
});
