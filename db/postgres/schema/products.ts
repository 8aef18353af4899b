// The tables of the products schema: the write model of the catalogue.
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
import type {
  ImportEffects,
  ImportReading,
  ImportSamples,
  ImportSettings,
} from '../../../domain/catalogue/import-report.ts';
import { LANGUAGES } from '../../../domain/words/stems.ts';
import { bytea, outboxTable } from './outbox.ts';

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
    /** The name as imports compare it (`nameKeyOf`); null where an older build has written it. */
    nameKey: text('name_key'),
    description: text().notNull(),
    status: text({ enum: ['draft', 'published', 'archived'] }).notNull(),
    attributes: jsonb().$type<Record<string, string>>().notNull(),
    media: jsonb().$type<{ url: string; alt: string }[]>().notNull(),
    ...versionColumns(),
  },
  (table) => [
    unique('products_store_id_slug_key').on(table.storeId, table.slug),
    index('products_store_id_id_idx').on(table.storeId, table.id),
    index('products_store_id_name_key_idx').on(table.storeId, table.nameKey),
  ],
);

/** What the sources of imports call a product: handles and external ids, exactly as written. */
export const productKeys = productsSchema.table(
  'product_keys',
  {
    storeId: text('store_id').notNull(),
    source: text().notNull(),
    key: text().notNull(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ name: 'product_keys_pkey', columns: [table.storeId, table.source, table.key] }),
    index('product_keys_product_id_idx').on(table.productId),
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
    /** An imported category's handle: its path in slugs, or the id its tree gave it. */
    handle: text(),
    parentId: text('parent_id'),
    ...versionColumns(),
  },
  (table) => [
    index('collections_store_id_id_idx').on(table.storeId, table.id),
    unique('collections_store_id_handle_key').on(table.storeId, table.handle),
  ],
);

/** A store's own rules for the search of its products. */
export const searchSettings = productsSchema.table('search_settings', {
  storeId: text('store_id').primaryKey(),
  language: text({ enum: LANGUAGES }).notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
});

/** The position of products without one: after all others. */
export const UNPOSITIONED = 2_147_483_647;

export const productCollections = productsSchema.table(
  'product_collections',
  {
    storeId: text('store_id').notNull(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    collectionId: text('collection_id')
      .notNull()
      .references(() => collections.id, { onDelete: 'cascade' }),
    /** The product's position in the collection's own order; ties are ordered by id. */
    position: integer().notNull().default(UNPOSITIONED),
  },
  (table) => [
    primaryKey({ columns: [table.productId, table.collectionId] }),
    index('product_collections_collection_id_position_idx').on(
      table.collectionId,
      table.position,
      table.productId,
    ),
  ],
);

/** An uploaded file and its progress; `nextRow` advances with the rows it counts. */
export const imports = productsSchema.table(
  'imports',
  {
    id: text().primaryKey(),
    storeId: text('store_id').notNull(),
    format: text().notNull(),
    mapping: jsonb().$type<Record<string, string>>().notNull(),
    /** What its uploader says of the file; absent settings are found in it. */
    settings: jsonb().$type<ImportSettings>().notNull().default({}),
    /** How the file is read, from its first reading. */
    reading: jsonb().$type<ImportReading>(),
    /** Reads the whole file, writes its results, and no product. */
    isDryRun: boolean('is_dry_run').notNull().default(false),
    /** Counted from the rows when the import ends. */
    effects: jsonb().$type<ImportEffects>(),
    /** The first products of each kind. */
    samples: jsonb()
      .$type<ImportSamples>()
      .notNull()
      .default({ made: [], changed: [], refused: [] }),
    sha256: text().notNull().default(''),
    bytes: bigint({ mode: 'number' }).notNull().default(0),
    /** Its uploader may set stock, too. */
    setsStock: boolean('sets_stock').notNull().default(true),
    status: text({ enum: ['uploading', 'running', 'paused', 'completed', 'failed'] }).notNull(),
    /** Why the whole import failed. */
    reason: text(),
    /** The number of the pass over the file; a retry of failed rows starts another. */
    pass: integer().notNull().default(1),
    nextRow: integer('next_row').notNull().default(0),
    total: integer().notNull().default(0),
    succeeded: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('imports_store_id_id_idx').on(table.storeId, table.id),
    index('imports_status_idx').on(table.status),
  ],
);

/** The file itself, in pieces, so that any worker can read it. */
export const importPieces = productsSchema.table(
  'import_pieces',
  {
    importId: text('import_id')
      .notNull()
      .references(() => imports.id, { onDelete: 'cascade' }),
    position: integer().notNull(),
    content: bytea().notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.position] })],
);

export const importRows = productsSchema.table(
  'import_rows',
  {
    importId: text('import_id')
      .notNull()
      .references(() => imports.id, { onDelete: 'cascade' }),
    row: integer().notNull(),
    status: text({ enum: ['succeeded', 'failed', 'skipped'] }).notNull(),
    code: text(),
    message: text(),
    sku: text(),
    productId: text('product_id'),
    /** How the row says which product it means. */
    namedBy: text('named_by', { enum: ['id', 'key', 'sku', 'name'] }),
    /** What became of the row's product. */
    effect: text({ enum: ['made', 'changed'] }),
  },
  (table) => [
    primaryKey({ columns: [table.importId, table.row] }),
    index('import_rows_import_id_status_row_idx').on(table.importId, table.status, table.row),
    index('import_rows_import_id_product_id_idx').on(table.importId, table.productId),
  ],
);

/** Responses under an Idempotency-Key, so that a repeated call gets the same response. */
export const answers = productsSchema.table(
  'answers',
  {
    storeId: text('store_id').notNull(),
    key: text().notNull(),
    bodyHash: text('body_hash').notNull(),
    /** Null while the first call is running. */
    status: integer(),
    body: text(),
    headers: jsonb().$type<Record<string, string>>(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.storeId, table.key] }),
    index('answers_created_at_idx').on(table.createdAt),
  ],
);

export const productsOutbox = outboxTable(productsSchema);
