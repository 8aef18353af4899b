// Tables of an order's money: the double-entry ledger, and what is owed back.
import { sql } from 'drizzle-orm';
import {
  bigserial,
  check,
  index,
  integer,
  jsonb,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { ordersSchema } from './orders-schema.ts';

/** Two rows an entry that sum to zero; `card_provider` is what the provider holds for us. */
export const ledgerEntries = ordersSchema.table(
  'ledger_entries',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    storeId: text('store_id').notNull(),
    orderId: text('order_id').notNull(),
    entry: text({
      enum: ['capture', 'refund', 'refund_failed', 'dispute', 'dispute_won', 'dispute_lost'],
    }).notNull(),
    /** The refund or dispute it is about; the order itself for a capture. */
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

/** One row a refund that was granted; owed until the provider has confirmed it. */
export const refunds = ordersSchema.table(
  'refunds',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    orderId: text('order_id').notNull(),
    amountMinor: integer('amount_minor').notNull(),
    currency: text().notNull(),
    reason: text().notNull(),
    state: text({ enum: ['requested', 'pending', 'succeeded', 'failed'] }).notNull(),
    providerRefundId: text('provider_refund_id'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('refunds_order_id_idx').on(table.orderId),
    index('refunds_provider_refund_id_idx').on(table.providerRefundId),
    index('refunds_owed_idx')
      .on(table.createdAt)
      .where(sql`${table.state} in ('requested', 'pending')`),
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
    state: text({ enum: ['opened', 'answered', 'won', 'lost'] }).notNull(),
    evidence: jsonb().$type<Record<string, string>>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('disputes_order_id_idx').on(table.orderId)],
);

/** Events of the provider, each once; those of no order of ours wait for reconciliation. */
export const webhookEvents = ordersSchema.table(
  'webhook_events',
  {
    id: text().primaryKey(),
    type: text().notNull(),
    orderId: text('order_id'),
    /** The provider's object the event is about, by id alone. */
    objectId: text('object_id').notNull(),
    receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
    /** When the story was told; null while that is still owed. */
    notifiedAt: timestamp('notified_at', { withTimezone: true }),
  },
  (table) => [
    index('webhook_events_received_at_idx').on(table.receivedAt),
    index('webhook_events_unnotified_idx')
      .on(table.receivedAt)
      .where(sql`${table.notifiedAt} is null`),
  ],
);

/** Payments that do not reconcile with the provider's books, until they do. */
export const breaks = ordersSchema.table('breaks', {
  /** `<kind>/<the provider's id>`: found again it is the same break. */
  id: text().primaryKey(),
  kind: text({
    enum: [
      'UNKNOWN_ORDER',
      'CAPTURE_MISSING',
      'CAPTURE_UNRECORDED',
      'REFUNDS_DIFFER',
      'STRAY_INTENT',
    ],
  }).notNull(),
  orderId: text('order_id'),
  facts: jsonb().$type<Record<string, unknown>>().notNull(),
  foundAt: timestamp('found_at', { withTimezone: true }).notNull().defaultNow(),
  resolvedAt: timestamp('resolved_at', { withTimezone: true }),
});
