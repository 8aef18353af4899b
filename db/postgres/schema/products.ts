// Tables of the products schema: the consistent side of the catalogue.
import {
  bigint,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { outboxTable } from './outbox.ts';

export const productsSchema = pgSchema('products');

const versionColumns = () => ({
  version: integer().notNull().default(1),
  clockUs: bigint('clock_us', { mode: 'number' }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
});

export const products = productsSchema.table(
  'products',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    slug: text().notNull(),
    name: text().notNull(),
    description: text().notNull(),
    status: text({ enum: ['draft', 'published', 'archived'] }).notNull(),
    attributes: jsonb().$type<Record<string, string>>().notNull(),
    media: jsonb().$type<{ url: string; alt: string }[]>().notNull(),
    ...versionColumns(),
  },
  (table) => [
    unique('products_store_id_slug_key').on(table.storeId, table.slug),
    index('products_store_id_id_idx').on(table.storeId, table.id),
  ],
);

export const variants = productsSchema.table(
  'variants',
  {
    storeId: text('store_id').notNull(),
    sku: text().notNull(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    title: text().notNull(),
    options: jsonb().$type<Record<string, string>>().notNull(),
    priceMinor: integer('price_minor').notNull(),
    currency: text().notNull(),
    compareAtMinor: integer('compare_at_minor'),
    position: integer().notNull(),
  },
  (table) => [
    primaryKey({ name: 'variants_pkey', columns: [table.storeId, table.sku] }),
    index('variants_product_id_idx').on(table.productId),
  ],
);

export const collections = productsSchema.table(
  'collections',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    name: text().notNull(),
    description: text().notNull(),
    ...versionColumns(),
  },
  (table) => [index('collections_store_id_id_idx').on(table.storeId, table.id)],
);

export const productCollections = productsSchema.table(
  'product_collections',
  {
    productId: text('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    collectionId: text('collection_id')
      .notNull()
      .references(() => collections.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.productId, table.collectionId] }),
    index('product_collections_collection_id_idx').on(table.collectionId),
  ],
);

export const productsOutbox = outboxTable(productsSchema);
