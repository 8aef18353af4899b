// Writes many products with set-based statements, whose number does not depend on the products'.
import { and, asc, inArray, ne, sql } from 'drizzle-orm';
import type { CollectionId } from '../../../domain/ids.ts';
import { nameKeyOf, type Product } from '../../../domain/product.ts';
import { productChanged } from '../../kafka/events.ts';
import type { Tx } from '../client.ts';
import { publishMany } from '../outbox.ts';
import { productCollections, UNPOSITIONED } from '../schema/products.ts';
import { positionsOf } from './product-rows.ts';
import type { ProductDraft } from './products.ts';

/** A product to be written whole; `isNew` when no product has its id. */
export interface Upsert {
  draft: ProductDraft;
  collectionIds: CollectionId[];
  isNew: boolean;
}

type Written = {
  id: string;
  version: number;
  clock_us: number;
  created_at: string;
  updated_at: string;
};

const productRows = (upserts: Upsert[]) =>
  upserts.map(({ draft }) => ({
    id: draft.id,
    store_id: draft.storeId,
    slug: draft.slug,
    name: draft.name,
    name_key: nameKeyOf(draft.name),
    description: draft.description,
    status: draft.status,
    attributes: draft.attributes,
    media: draft.media,
  }));

const variantRows = (upserts: Upsert[]) =>
  upserts.flatMap(({ draft }) =>
    draft.variants.map((variant) => ({
      store_id: draft.storeId,
      sku: variant.sku,
      product_id: draft.id,
      title: variant.title,
      options: variant.options,
      price_minor: variant.priceMinor,
      currency: variant.currency,
      compare_at_minor: variant.compareAtMinor ?? null,
      position: variant.position,
    })),
  );

const putRows = (tx: Tx, upserts: Upsert[]) =>
  tx.execute<Written>(sql`
    insert into products.products as p
      (id, store_id, slug, name, name_key, description, status, attributes, media, clock_us)
    select r.*, (extract(epoch from clock_timestamp()) * 1000000)::bigint
    from jsonb_to_recordset(${JSON.stringify(productRows(upserts))}::jsonb) as r
      (id text, store_id text, slug text, name text, name_key text, description text,
       status text, attributes jsonb, media jsonb)
    on conflict (id) do update set slug = excluded.slug, name = excluded.name,
      name_key = excluded.name_key, description = excluded.description, status = excluded.status,
      attributes = excluded.attributes, media = excluded.media, version = p.version + 1,
      clock_us = greatest(excluded.clock_us, p.clock_us + 1), updated_at = now()
    returning id, version, clock_us::float8, created_at::text, updated_at::text`);

const putVariantsAndCollections = async (tx: Tx, upserts: Upsert[]): Promise<void> => {
  const present = upserts.filter(({ isNew }) => !isNew).map(({ draft }) => draft.id);
  if (present.length > 0) {
    const ids = JSON.stringify(present);
    await tx.execute(sql`delete from products.variants
      where product_id in (select jsonb_array_elements_text(${ids}::jsonb))`);
  }
  await tx.execute(sql`
    insert into products.variants
      (store_id, sku, product_id, title, options, price_minor, currency, compare_at_minor, position)
    select * from jsonb_to_recordset(${JSON.stringify(variantRows(upserts))}::jsonb) as r
      (store_id text, sku text, product_id text, title text, options jsonb, price_minor int,
       currency text, compare_at_minor int, position int)`);
  const members = upserts.flatMap(({ draft, collectionIds }) =>
    collectionIds.map((id) => ({
      store_id: draft.storeId,
      product_id: draft.id,
      collection_id: id,
    })),
  );
  if (members.length === 0) return;
  await tx.execute(sql`
    insert into products.product_collections (store_id, product_id, collection_id)
    select * from jsonb_to_recordset(${JSON.stringify(members)}::jsonb) as r
      (store_id text, product_id text, collection_id text)
    on conflict do nothing`);
};

/** The positions of existing products in their collections. */
const readPositions = async (tx: Tx, upserts: Upsert[]) => {
  const ids = upserts.filter(({ isNew }) => !isNew).map(({ draft }) => draft.id);
  if (ids.length === 0) return new Map<string, never[]>();
  const rows = await tx
    .select()
    .from(productCollections)
    .where(
      and(
        inArray(productCollections.productId, ids),
        ne(productCollections.position, UNPOSITIONED),
      ),
    )
    .orderBy(asc(productCollections.collectionId));
  return Map.groupBy(rows, (row) => row.productId);
};

/**
 * Writes products with their variants, versions, clocks and events in the caller's transaction.
 * Collections are added, never removed. Existing rows must be locked already.
 */
export const putProducts = async (tx: Tx, upserts: Upsert[]): Promise<Product[]> => {
  if (upserts.length === 0) return [];
  const written = new Map((await putRows(tx, upserts)).map((row) => [row.id, row]));
  await putVariantsAndCollections(tx, upserts);
  const positions = await readPositions(tx, upserts);
  const products = upserts.map(({ draft, collectionIds }): Product => {
    const row = written.get(draft.id);
    if (!row) throw new Error('a product written in this transaction has no row');
    return {
      ...draft,
      collectionIds: [...new Set(collectionIds)].sort(),
      positions: positionsOf(positions.get(draft.id) ?? []),
      version: row.version,
      clockUs: row.clock_us,
      createdAt: new Date(row.created_at).toISOString(),
      updatedAt: new Date(row.updated_at).toISOString(),
    };
  });
  await publishMany(
    tx,
    'products',
    products.map((product) => productChanged(product)),
  );
  return products;
};
