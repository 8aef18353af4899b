// The tables of the inventory schema: the stock ledger, which is authoritative.
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  check,
  index,
  integer,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { outboxTable } from './outbox.ts';

export const inventorySchema = pgSchema('inventory');

/** One row, raised by every rebuild of Redis; writes with an older epoch are ignored. */
export const epochs = inventorySchema.table('epochs', {
  id: smallint().primaryKey(),
  epoch: integer().notNull(),
});

export const balances = inventorySchema.table(
  'balances',
  {
    storeId: text('store_id').notNull(),
    sku: text().notNull(),
    location: text().notNull(),
    productId: text('product_id').notNull(),
    onHand: integer('on_hand').notNull(),
    reserved: integer().notNull(),
    version: bigint({ mode: 'number' }).notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'balances_pkey', columns: [table.storeId, table.sku, table.location] }),
    index('balances_store_id_product_id_idx').on(table.storeId, table.productId),
    check('balances_reserved_check', sql`${table.reserved} between 0 and ${table.onHand}`),
  ],
);

export const movements = inventorySchema.table(
  'movements',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    storeId: text('store_id').notNull(),
    sku: text().notNull(),
    location: text().notNull(),
    kind: text({ enum: ['received', 'adjusted', 'claimed', 'reversed'] }).notNull(),
    /** Change of on-hand stock: negative when units leave. */
    quantity: integer().notNull(),
    /** The receipt, adjustment or reservation that caused it. */
    reference: text().notNull(),
    reason: text().notNull().default(''),
    /** The count an adjustment set; null for every other kind. */
    counted: integer(),
    /** The sku's totals as first returned, so that a repeated call returns them again. */
    onHandAfter: integer('on_hand_after'),
    reservedAfter: integer('reserved_after'),
    versionAfter: bigint('version_after', { mode: 'number' }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique('movements_reference_key').on(
      table.storeId,
      table.reference,
      table.kind,
      table.sku,
      table.location,
    ),
    index('movements_store_id_sku_id_idx').on(table.storeId, table.sku, table.id),
  ],
);

export const reservations = inventorySchema.table(
  'reservations',
  {
    storeId: text('store_id').notNull(),
    id: text().notNull(),
    state: text({ enum: ['held', 'claimed', 'released', 'expired'] }).notNull(),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp('ended_at', { withTimezone: true }),
    reversedAt: timestamp('reversed_at', { withTimezone: true }),
    /** Why an operator is needed, such as units lost while they were held. */
    attention: text(),
    attentionAt: timestamp('attention_at', { withTimezone: true }),
  },
  (table) => [
    primaryKey({ name: 'reservations_pkey', columns: [table.storeId, table.id] }),
    index('reservations_expires_at_idx').on(table.expiresAt),
    index('reservations_held_expires_at_idx')
      .on(table.expiresAt)
      .where(sql`${table.state} = 'held'`),
  ],
);

export const reservationLines = inventorySchema.table(
  'reservation_lines',
  {
    storeId: text('store_id').notNull(),
    reservationId: text('reservation_id').notNull(),
    sku: text().notNull(),
    location: text().notNull(),
    quantity: integer().notNull(),
    /** Units that were reserved and lost while held. */
    missing: integer().notNull().default(0),
  },
  (table) => [
    primaryKey({
      name: 'reservation_lines_pkey',
      columns: [table.storeId, table.reservationId, table.sku, table.location],
    }),
    check(
      'reservation_lines_quantity_check',
      sql`${table.quantity} >= 0 and ${table.missing} >= 0`,
    ),
  ],
);

/** Locations that hold stock; `default` exists without a row. */
export const locations = inventorySchema.table(
  'locations',
  {
    storeId: text('store_id').notNull(),
    location: text().notNull(),
    name: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: 'locations_pkey', columns: [table.storeId, table.location] })],
);

/** Products whose stock change is not announced yet; deleted by the announcer. */
export const stockChanges = inventorySchema.table('stock_changes', {
  id: bigserial({ mode: 'number' }).primaryKey(),
  storeId: text('store_id').notNull(),
  productId: text('product_id').notNull(),
});

/** The clock of a product's stock events: strictly rising, set under the row's lock. */
export const stockClocks = inventorySchema.table(
  'stock_clocks',
  {
    storeId: text('store_id').notNull(),
    productId: text('product_id').notNull(),
    clockUs: bigint('clock_us', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ name: 'stock_clocks_pkey', columns: [table.storeId, table.productId] })],
);

export const inventoryOutbox = outboxTable(inventorySchema);
