// Products in Postgres: each write is one transaction that sets version and clock and publishes an
// event.
import { and, asc, eq, gt, inArray, notInArray } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type { CollectionId, StoreId } from '../../../domain/ids.ts';
import { nameKeyOf, type Product, type Variant } from '../../../domain/product.ts';
import { productChanged, productDeleted } from '../../kafka/events.ts';
import { violatedConstraint, type Pg, type Tx } from '../client.ts';
import { publish } from '../outbox.ts';
import {
  assembleProducts,
  firstClockUs,
  lockProductRow,
  nextVersion,
  readProduct,
  type ProductRow,
} from './product-rows.ts';
import {
  collections,
  productCollections,
  products,
  productsOutbox,
  variants,
} from '../schema/products.ts';

/** The fields a store sets; version, clock and times are set here. */
export type ProductDraft = Omit<
  Product,
  'version' | 'clockUs' | 'createdAt' | 'updatedAt' | 'collectionIds' | 'positions'
>;

export const slugTaken = (): DomainError =>
  new DomainError('SLUG_TAKEN', 'another product of this store has this slug');

export const skuTaken = (): DomainError =>
  new DomainError('SKU_TAKEN', 'another product of this store has this sku');

const REFUSALS: Record<string, () => DomainError> = {
  products_store_id_slug_key: slugTaken,
  variants_pkey: skuTaken,
};

/** The refusal for a violated constraint; undefined for any other error. */
export const takenBy = (error: unknown): DomainError | undefined =>
  REFUSALS[violatedConstraint(error) ?? '']?.();

const refusingTaken = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw takenBy(error) ?? error;
  });

const notFound = (): DomainError => new DomainError('NOT_FOUND', 'no such product');

const putVariants = async (tx: Tx, draft: ProductDraft): Promise<void> => {
  await tx.delete(variants).where(eq(variants.productId, draft.id));
  await tx.insert(variants).values(
    draft.variants.map((variant: Variant) => ({
      ...variant,
      compareAtMinor: variant.compareAtMinor ?? null,
      storeId: draft.storeId,
      productId: draft.id,
    })),
  );
};

const columnsOf = ({ slug, name, description, status, attributes, media }: ProductDraft) => ({
  slug,
  name,
  nameKey: nameKeyOf(name),
  description,
  status,
  attributes,
  media,
});

const announce = async (tx: Tx, row: ProductRow): Promise<Product> => {
  const [product] = await assembleProducts(tx, [row]);
  if (!product) throw new Error('a product written in this transaction has no row');
  await publish(tx, productsOutbox, [productChanged(product)]);
  return product;
};

/** Writes a new product in the caller's transaction. Throws SLUG_TAKEN, SKU_TAKEN. */
export const insertProduct = (tx: Tx, draft: ProductDraft): Promise<Product> =>
  refusingTaken(
    (async () => {
      const [row] = await tx
        .insert(products)
        .values({
          id: draft.id,
          storeId: draft.storeId,
          ...columnsOf(draft),
          clockUs: firstClockUs(),
        })
        .returning();
      await putVariants(tx, draft);
      return announce(tx, row as ProductRow);
    })(),
  );

const bump = async (tx: Tx, id: string, set: object): Promise<ProductRow> => {
  const [row] = await tx
    .update(products)
    .set({ ...set, ...nextVersion() })
    .where(eq(products.id, id))
    .returning();
  return row as ProductRow;
};

/**
 * Locks a product, passes it to `change`, and writes the result. Throws NOT_FOUND, VERSION_MISMATCH
 * (when `expectedVersion` is given), SLUG_TAKEN, SKU_TAKEN.
 */
export const updateProduct = (
  tx: Tx,
  storeId: StoreId,
  id: string,
  change: (present: Product) => ProductDraft,
  expectedVersion?: number,
): Promise<Product> =>
  refusingTaken(
    (async () => {
      const locked = await lockProductRow(tx, storeId, id);
      const [present] = locked ? await assembleProducts(tx, [locked]) : [];
      if (!present) throw notFound();
      if (expectedVersion !== undefined && expectedVersion !== present.version) {
        throw new DomainError('VERSION_MISMATCH', 'the product has changed since it was read', {
          facts: { version: present.version },
        });
      }
      const draft = change(present);
      await putVariants(tx, draft);
      return announce(tx, await bump(tx, id, columnsOf(draft)));
    })(),
  );

/**
 * Replaces the product's collections. Throws NOT_FOUND for the product, INVALID_INPUT for a
 * collection.
 */
export const putProductCollections = (
  pg: Pg,
  storeId: StoreId,
  id: string,
  collectionIds: CollectionId[],
): Promise<Product> =>
  pg.as(storeId).transaction('products.putCollections', async (tx) => {
    if (!(await lockProductRow(tx, storeId, id))) throw notFound();
    await assertCollections(tx, storeId, collectionIds);
    // Collections the product stays in keep its position.
    const others = notInArray(productCollections.collectionId, collectionIds);
    await tx.delete(productCollections).where(and(eq(productCollections.productId, id), others));
    if (collectionIds.length > 0) {
      const rows = collectionIds.map((collectionId) => ({ storeId, productId: id, collectionId }));
      await tx.insert(productCollections).values(rows).onConflictDoNothing();
    }
    return announce(tx, await bump(tx, id, {}));
  });

const assertCollections = async (tx: Tx, storeId: StoreId, ids: string[]): Promise<void> => {
  if (ids.length === 0) return;
  const found = await tx
    .select({ id: collections.id })
    .from(collections)
    .where(and(eq(collections.storeId, storeId), inArray(collections.id, ids)))
    .for('share');
  if (found.length === new Set(ids).size) return;
  throw new DomainError('INVALID_INPUT', 'a collection does not exist', {
    fields: [{ path: 'collectionIds', message: 'names a collection that does not exist' }],
  });
};

/** Deletes a product; its event has a newer clock than all earlier ones. Throws NOT_FOUND. */
export const deleteProduct = (pg: Pg, storeId: StoreId, id: string): Promise<void> =>
  pg.as(storeId).transaction('products.delete', async (tx) => {
    const locked = await lockProductRow(tx, storeId, id);
    if (!locked) throw notFound();
    const [last] = await assembleProducts(tx, [await bump(tx, id, {})]);
    await tx.delete(products).where(eq(products.id, id));
    if (last) await publish(tx, productsOutbox, [productDeleted(last)]);
  });

/** Throws NOT_FOUND, also for another store's product. */
export const productById = (pg: Pg, storeId: StoreId, id: string): Promise<Product> =>
  pg.query('products.productById', async (db) => {
    const product = await readProduct(db, storeId, id);
    if (!product) throw notFound();
    return product;
  });

/** A published product by id or slug; `pg` may be a role that sees only published products. */
export const findPublished = (
  pg: Pg,
  storeId: StoreId,
  by: { id: string } | { slug: string },
): Promise<Product | undefined> =>
  pg.query('products.findPublished', async (db) => {
    const match = 'id' in by ? eq(products.id, by.id) : eq(products.slug, by.slug);
    const rows = await db
      .select()
      .from(products)
      .where(and(eq(products.storeId, storeId), match, eq(products.status, 'published')));
    const [product] = await assembleProducts(db, rows);
    return product;
  });

/** Up to `limit` products after an id, oldest first. */
export const listProducts = (
  pg: Pg,
  storeId: StoreId,
  after: string,
  limit: number,
): Promise<Product[]> =>
  pg.as(storeId).query('products.list', async (db) => {
    const rows = await db
      .select()
      .from(products)
      .where(and(eq(products.storeId, storeId), gt(products.id, after)))
      .orderBy(asc(products.id))
      .limit(limit);
    return assembleProducts(db, rows);
  });

export interface Price {
  sku: string;
  productId: string;
  name: string;
  priceMinor: number;
  currency: string;
}

/**
 * Prices of published products by sku, in one statement; unknown skus are left out. `pg` as in
 * `findPublished`.
 */
export const listPrices = (pg: Pg, storeId: StoreId, skus: string[]): Promise<Price[]> =>
  pg.query('products.listPrices', (db) =>
    db
      .select({
        sku: variants.sku,
        productId: variants.productId,
        name: products.name,
        priceMinor: variants.priceMinor,
        currency: variants.currency,
      })
      .from(variants)
      .innerJoin(products, eq(products.id, variants.productId))
      .where(
        and(
          eq(variants.storeId, storeId),
          inArray(variants.sku, skus),
          eq(products.status, 'published'),
        ),
      ),
  );
