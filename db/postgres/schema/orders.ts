// Tables of the orders schema: every order, its story so far, and its payment.
import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { ATTENTION_REASONS } from '../../../domain/attention.ts';
import type { NextAction } from '../../../domain/declines.ts';
import type { Address, OrderLine } from '../../../domain/order.ts';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../../domain/order.ts';
import { ordersSchema } from './orders-schema.ts';
import { outboxTable } from './outbox.ts';

export { ordersSchema };

export const orders = ordersSchema.table(
  'orders',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    /** Whose order it is: an account, or a hash of a guest's e-mail. */
    principal: text().notNull().default(''),
    status: text({ enum: ORDER_STATUSES }).notNull(),
    paymentStatus: text('payment_status', { enum: PAYMENT_STATUSES }).notNull(),
    totalMinor: integer('total_minor').notNull(),
    currency: text().notNull(),
    email: text().notNull(),
    shippingAddress: jsonb('shipping_address').$type<Address>().notNull(),
    /** The price snapshot: what was agreed at checkout, whatever the catalogue says later. */
    lines: jsonb().$type<OrderLine[]>().notNull(),
    /** From the shopper, for the store's staff. */
    note: text().notNull().default(''),
    paymentMethod: text('payment_method').notNull(),
    paymentIntentId: text('payment_intent_id'),
    clientSecret: text('client_secret'),
    /** What the shopper has to do or to wait for. */
    nextAction: jsonb('next_action').$type<NextAction>(),
    /** What the provider has confirmed to have gone back. */
    refundedMinor: integer('refunded_minor').notNull().default(0),
    shipmentId: text('shipment_id'),
    trackingNumber: text('tracking_number'),
    deliveredAt: timestamp('delivered_at', { withTimezone: true }),
    endCode: text('end_code'),
    endMessage: text('end_message'),
    attentionReason: text('attention_reason', { enum: ATTENTION_REASONS }),
    attentionSince: timestamp('attention_since', { withTimezone: true }),
    /** Number of the newest event. */
    sequence: integer().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('orders_payment_intent_id_idx').on(table.paymentIntentId),
    index('orders_store_id_principal_id_idx').on(table.storeId, table.principal, table.id.desc()),
    index('orders_attention_since_idx')
      .on(table.attentionSince)
      .where(sql`${table.attentionReason} is not null`),
    index('orders_updated_at_id_idx').on(table.updatedAt, table.id),
    index('orders_open_updated_at_idx')
      .on(table.status, table.updatedAt)
      .where(
        sql`${table.status} in ('accepted', 'awaiting_payment', 'confirmed', 'packing', 'shipped')`,
      ),
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

/** Keys sent to the card provider; a new generation is recorded here before it is used. */
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
export * from './order-money.ts';
export * from './order-aftercare.ts';

/** Where each lane of recovery has come to. */
export const positions = ordersSchema.table('positions', {
  lane: text({
    enum: [
      'payments-new',
      'payments-again',
      'waiting',
      'moving-accepted',
      'moving-awaiting_payment',
      'moving-confirmed',
      'moving-packing',
      'ended',
    ],
  }).primaryKey(),
  /** Microseconds since 1970. */
  atUs: bigint('at_us', { mode: 'number' }).notNull(),
  /** Of what is of that moment, behind this one. */
  id: text().notNull(),
});
