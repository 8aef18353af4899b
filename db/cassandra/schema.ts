// The tables of the read model, one per query.

/** Default buckets of a table set: enough for 350,000 products in one store. */
export const LISTING_BUCKETS = 4;
/** A page costs one read per bucket. */
export const LISTING_BUCKETS_MAX = 8;

/** The live table set, and the one that readers use until a given time. */
export const TABLE_SETS: readonly string[] = [
  'create table if not exists KEYSPACE.table_sets (name text primary key, live int)',
  'alter table KEYSPACE.table_sets add if not exists (previous int, readers_from timestamp)',
  // The number of partitions that each set spreads an order over.
  'alter table KEYSPACE.table_sets add if not exists buckets map<int, int>',
  // The version of the rules that each set was first written by.
  'alter table KEYSPACE.table_sets add if not exists written_by map<int, int>',
];

/** Statements in order; KEYSPACE is replaced. All are idempotent. */
export const SCHEMA: readonly string[] = [
  // Serves: the products of a scope in an order, filtered.
  `create table if not exists KEYSPACE.listings (
    store_id text, scope text, sort text, bucket int, sort_key blob, product_id text,
    tokens set<text>, facets set<text>, price bigint, in_stock boolean, document text,
    primary key ((store_id, scope, sort, bucket), sort_key, product_id)
  ) with clustering order by (sort_key asc, product_id asc)`,
  `create index if not exists listings_tokens_idx
    on KEYSPACE.listings (values(tokens)) using 'sai'`,
  `create index if not exists listings_facets_idx
    on KEYSPACE.listings (values(facets)) using 'sai'`,
  `create index if not exists listings_price_idx on KEYSPACE.listings (price) using 'sai'`,
  `create index if not exists listings_in_stock_idx on KEYSPACE.listings (in_stock) using 'sai'`,
  // Serves: one product and the listing rows written for it.
  `create table if not exists KEYSPACE.products_by_id (
    store_id text, product_id text, product_clock bigint, stock_clock bigint, written_at bigint,
    deleted boolean, document text, stock map<text, int>, keys text,
    primary key ((store_id, product_id)))`,
  `create table if not exists KEYSPACE.products_by_slug (
    store_id text, slug text, product_id text, primary key ((store_id, slug)))`,
  `create table if not exists KEYSPACE.collections_by_store (
    store_id text, collection_id text, clock bigint, name text, description text,
    deleted boolean, primary key ((store_id), collection_id))`,
  // The words of a listed product by field, for ranking.
  'alter table KEYSPACE.listings add if not exists ranking text',
  // Serves: words with a prefix.
  `create table if not exists KEYSPACE.terms (
    store_id text, head text, word text, stem text, is_label boolean,
    primary key ((store_id, head), word))`,
  // Serves: words with a similar spelling.
  `create table if not exists KEYSPACE.spellings (
    store_id text, key text, word text, stem text, primary key ((store_id, key), word))`,
  // Serves: a customer's orders.
  `create table if not exists KEYSPACE.orders_by_customer (
    store_id text, principal text, order_id text, sequence int, document text,
    primary key ((store_id, principal), order_id)
  ) with clustering order by (order_id desc)`,
  // Serves: an order's events and its latest state.
  `create table if not exists KEYSPACE.events_by_order (
    store_id text, order_id text, sequence int, type text, at timestamp, data text,
    latest text static, primary key ((store_id, order_id), sequence))`,
  // The time up to which the read model is complete.
  `create table if not exists KEYSPACE.projection_progress (
    name text primary key, as_of timestamp)`,
];
