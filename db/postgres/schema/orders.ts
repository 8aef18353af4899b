// The tables of the orders schema: orders, their parcels, returns and recovery.
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { AUDITED_ACTIONS, type Attention } from '../../../domain/attention.ts';
import type { NextAction } from '../../../domain/declines.ts';
import {
  ORDER_STATUSES,
  PAYMENT_STATUSES,
  type Address,
  type OrderLine,
} from '../../../domain/order.ts';
import { PARCEL_STATUSES } from '../../../domain/parcels.ts';
import { RETURN_STATES, type ReturnLine } from '../../../domain/returns.ts';
import { outboxTable } from './outbox.ts';

export const ordersSchema = pgSchema('orders');

/** An attention with its time as RFC 3339. */
export type StoredAttention = Omit<Attention, 'since'> & { since: string };

export const orders = ordersSchema.table(
  'orders',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    /** The owner: an account, or a hash of a guest's e-mail. */
    principal: text().notNull().default(''),
    status: text({ enum: ORDER_STATUSES }).notNull(),
    paymentStatus: text('payment_status', { enum: PAYMENT_STATUSES }).notNull(),
    totalMinor: integer('total_minor').notNull(),
    currency: text().notNull(),
    email: text().notNull(),
    shippingAddress: jsonb('shipping_address').$type<Address>().notNull(),
    /** The price snapshot agreed at checkout, independent of later catalogue changes. */
    lines: jsonb().$type<OrderLine[]>().notNull(),
    /** From the shopper, for the store's staff. */
    note: text().notNull().default(''),
    paymentMethod: text('payment_method').notNull(),
    /** A card that is declined for good does not end the order at once. */
    keepOnDecline: boolean('keep_on_decline').notNull().default(false),
    paymentIntentId: text('payment_intent_id'),
    clientSecret: text('client_secret'),
    /** What the shopper has to do or wait for. */
    nextAction: jsonb('next_action').$type<NextAction>(),
    /** The amount that the provider has confirmed as refunded. */
    refundedMinor: integer('refunded_minor').notNull().default(0),
    shipmentId: text('shipment_id'),
    trackingNumber: text('tracking_number'),
    deliveredAt: timestamp('delivered_at', { withTimezone: true }),
    endCode: text('end_code'),
    endMessage: text('end_message'),
    /** When a cancellation was requested that a parcel's booking has to be voided for. */
    cancelRequestedAt: timestamp('cancel_requested_at', { withTimezone: true }),
    /** What waits for an operator, oldest first. */
    attentions: jsonb()
      .$type<StoredAttention[]>()
      .notNull()
      .default(sql`'[]'`),
    /** When the workflow was last requested to look at the payment. */
    lookRequestedAt: timestamp('look_requested_at', { withTimezone: true }),
    looks: integer().notNull().default(0),
    /** How many of them came before the newest reading of the payment. */
    looksAnswered: integer('looks_answered').notNull().default(0),
    /** Sequence of the newest event. */
    sequence: integer().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('orders_payment_intent_id_idx').on(table.paymentIntentId),
    index('orders_store_id_principal_id_idx').on(table.storeId, table.principal, table.id.desc()),
    index('orders_attentions_idx')
      .on(table.id)
      .where(sql`${table.attentions} <> '[]'`),
    // One for each filter of a store's list; read backwards, they are in its order.
    index('orders_store_id_id_idx').on(table.storeId, table.id),
    index('orders_store_id_status_id_idx').on(table.storeId, table.status, table.id),
    index('orders_store_id_payment_status_id_idx').on(table.storeId, table.paymentStatus, table.id),
    index('orders_store_id_attentions_idx')
      .on(table.storeId, table.id)
      .where(sql`${table.attentions} <> '[]'`),
    index('orders_updated_at_id_idx').on(table.updatedAt, table.id),
    index('orders_open_updated_at_idx')
      .on(table.status, table.updatedAt)
      .where(
        sql`${table.status} in ('accepted', 'awaiting_payment', 'confirmed', 'packing', 'shipped')`,
      ),
  ],
);

/**
 * What an order is found by: its skus, its e-mail, the words of its recipient's name. A trigger
 * keeps them (see the migration), so that orders of an older build have them, too.
 */
export const orderTerms = ordersSchema.table(
  'order_terms',
  {
    storeId: text('store_id').notNull(),
    kind: text({ enum: ['sku', 'email', 'name'] }).notNull(),
    term: text().notNull(),
    orderId: text('order_id').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'order_terms_pkey',
      columns: [table.storeId, table.kind, table.term, table.orderId],
    }),
    index('order_terms_order_id_idx').on(table.orderId),
  ],
);

export const orderEvents = ordersSchema.table(
  'order_events',
  {
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    sequence: integer().notNull(),
    storeId: text('store_id').notNull(),
    type: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: 'order_events_pkey', columns: [table.orderId, table.sequence] })],
);

export const checkoutKeys = ordersSchema.table(
  'checkout_keys',
  {
    storeId: text('store_id').notNull(),
    principal: text().notNull(),
    key: text().notNull(),
    /** Hex SHA-256 of the request's canonical body. */
    bodyHash: text('body_hash').notNull(),
    orderId: text('order_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({
      name: 'checkout_keys_pkey',
      columns: [table.storeId, table.principal, table.key],
    }),
  ],
);

/** Keys sent to the card provider; a new generation is recorded before it is used. */
export const paymentKeys = ordersSchema.table(
  'payment_keys',
  {
    orderId: text('order_id').notNull(),
    verb: text().notNull(),
    generation: integer().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({
      name: 'payment_keys_pkey',
      columns: [table.orderId, table.verb, table.generation],
    }),
  ],
);

/** Mails already sent, one per order and kind. */
export const notifications = ordersSchema.table(
  'notifications',
  {
    orderId: text('order_id').notNull(),
    kind: text().notNull(),
    sentAt: timestamp('sent_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: 'notifications_pkey', columns: [table.orderId, table.kind] })],
);

export const ordersOutbox = outboxTable(ordersSchema);

/** The position of each recovery lane. */
export const positions = ordersSchema.table('positions', {
  lane: text({
    enum: [
      'payments-new',
      'payments-again',
      'disputes',
      'waiting',
      'moving-accepted',
      'moving-awaiting_payment',
      'moving-confirmed',
      'moving-packing',
      'moving-shipped',
      'open-returns',
      'open-refunds',
      'requested-returns',
      'open-disputes',
      'ended',
    ],
  }).primaryKey(),
  /** Microseconds since 1970. */
  atUs: bigint('at_us', { mode: 'number' }).notNull(),
  /** Among rows of that time, those after this id. */
  id: text().notNull(),
});

/** One row per location that ships units. */
export const parcels = ordersSchema.table(
  'parcels',
  {
    orderId: text('order_id').notNull(),
    location: text().notNull(),
    lines: jsonb().$type<ReturnLine[]>().notNull(),
    shipmentId: text('shipment_id').notNull(),
    trackingNumber: text('tracking_number').notNull(),
    status: text({ enum: PARCEL_STATUSES }).notNull(),
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
    /** The caller's idempotency key: repeating it returns the same return. */
    key: text().notNull(),
    lines: jsonb().$type<ReturnLine[]>().notNull(),
    reason: text().notNull(),
    refundMinor: integer('refund_minor').notNull(),
    state: text({ enum: RETURN_STATES }).notNull(),
    /** Why it was refused, in whole or in part. */
    note: text(),
    /** What of it was accepted; null before its inspection. */
    accepted: jsonb().$type<ReturnLine[]>(),
    /** The location that has received it. */
    location: text(),
    /** Its label is void afterwards unless the parcel has left. */
    sendUntil: timestamp('send_until', { withTimezone: true }),
    shipmentId: text('shipment_id'),
    trackingNumber: text('tracking_number'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique('returns_order_id_key_key').on(table.orderId, table.key),
    index('returns_open_idx')
      .on(table.id)
      .where(sql`${table.state} not in ('refunded', 'rejected', 'expired')`),
  ],
);

/** A store's rules for what comes back; a store without a row has the default ones. */
export const returnSettings = ordersSchema.table('return_settings', {
  storeId: text('store_id').primaryKey(),
  address: jsonb().$type<Address>(),
  location: text().notNull(),
  inspects: boolean().notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
});

/** The audit of operators' actions: one row per key, with its outcome. */
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
    action: text({ enum: AUDITED_ACTIONS }).notNull(),
    body: jsonb().$type<Record<string, unknown>>().notNull(),
    /** `asked` until the outcome is known; then `done` or the code of the refusal. */
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
