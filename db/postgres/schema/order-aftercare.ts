// Tables of what follows a confirmed order: parcels, returns, and what operators did.
import { index, integer, jsonb, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { REPAIR_ACTIONS } from '../../../domain/attention.ts';
import { RETURN_STATES, type ReturnLine } from '../../../domain/returns.ts';
import { ordersSchema } from './orders-schema.ts';

/** One row a location that something is sent from. */
export const parcels = ordersSchema.table(
  'parcels',
  {
    orderId: text('order_id').notNull(),
    location: text().notNull(),
    lines: jsonb().$type<ReturnLine[]>().notNull(),
    shipmentId: text('shipment_id').notNull(),
    trackingNumber: text('tracking_number').notNull(),
    status: text({ enum: ['booked', 'shipped', 'delivered', 'lost', 'returned'] }).notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: 'parcels_pkey', columns: [table.orderId, table.location] })],
);

export const returns = ordersSchema.table(
  'returns',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    orderId: text('order_id').notNull(),
    /** The caller's key: asked again it is the same return. */
    key: text().notNull(),
    lines: jsonb().$type<ReturnLine[]>().notNull(),
    reason: text().notNull(),
    refundMinor: integer('refund_minor').notNull(),
    state: text({ enum: RETURN_STATES }).notNull(),
    /** Why it was rejected. */
    note: text(),
    shipmentId: text('shipment_id'),
    trackingNumber: text('tracking_number'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique('returns_order_id_key_key').on(table.orderId, table.key)],
);

/** The audit of operators: who asked for what, once a key, and what came of it. */
export const recoveryActions = ordersSchema.table(
  'recovery_actions',
  {
    id: text().primaryKey(),
    /** The operator's key and the caller's idempotency key. */
    operator: text().notNull(),
    key: text().notNull(),
    orderId: text('order_id').notNull(),
    /** The batch it belongs to, if any. */
    batchId: text('batch_id'),
    action: text({ enum: REPAIR_ACTIONS }).notNull(),
    body: jsonb().$type<Record<string, unknown>>().notNull(),
    /** `asked` until it is known what came of it; then `done` or the code of the refusal. */
    outcome: text().notNull(),
    message: text(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    doneAt: timestamp('done_at', { withTimezone: true }),
  },
  (table) => [
    unique('recovery_actions_operator_key_key').on(table.operator, table.key),
    index('recovery_actions_order_id_idx').on(table.orderId),
    index('recovery_actions_batch_id_idx').on(table.batchId),
  ],
);
