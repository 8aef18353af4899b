// Writes many products in one transaction: each write is judged separately, accepted ones are
// written together.
import { and, eq, inArray, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type { StoreId } from '../../../domain/ids.ts';
import type { Product } from '../../../domain/product.ts';
import { sqlStateOf, type Tx } from '../client.ts';
import { products } from '../schema/products.ts';
import { putProducts, type Upsert } from './bulk.ts';
import { assembleProducts } from './product-rows.ts';
import { skuTaken, slugTaken, takenBy, type ProductDraft } from './products.ts';

/** Attempts when concurrent calls take a slug or sku after it was judged free. */
const TRIES_MAX = 3;
const DEADLOCK = '40P01';

export type ProductWrite =
  | { draft: ProductDraft }
  | { id: string; change: (present: Product) => ProductDraft };

/** The outcome of one write: the stored product, or the refusal. */
export type Outcome = Product | DomainError;

/** The products that the writes change, locked in the order of their ids. */
const lockWritten = async (tx: Tx, storeId: StoreId, writes: ProductWrite[]) => {
  const ids = writes.flatMap((write) => ('id' in write ? [write.id] : []));
  if (ids.length === 0) return new Map<string, Product>();
  const rows = await tx
    .select()
    .from(products)
    .where(and(eq(products.storeId, storeId), inArray(products.id, ids)))
    .orderBy(products.id)
    .for('update');
  return new Map((await assembleProducts(tx, rows)).map((one) => [one.id as string, one]));
};

/** The owner of each slug and sku: stored rows first, then accepted writes. */
interface Owners {
  slugs: Map<string, string>;
  skus: Map<string, string>;
}

const refusalOf = ({ slugs, skus }: Owners, { id, slug, variants }: ProductDraft) => {
  const isFree = (owner: string | undefined): boolean => owner === undefined || owner === id;
  if (!isFree(slugs.get(slug))) return slugTaken();
  return variants.every(({ sku }) => isFree(skus.get(sku))) ? undefined : skuTaken();
};

const grant = ({ slugs, skus }: Owners, draft: ProductDraft): void => {
  slugs.set(draft.slug, draft.id);
  for (const { sku } of draft.variants) skus.set(sku, draft.id);
};

interface Judged {
  /** The last accepted write of each product, by id. */
  upserts: Map<string, Upsert>;
  verdicts: (DomainError | string)[];
}

/** Judges the writes in order, each on top of the accepted ones before it. */
const judge = (writes: ProductWrite[], present: Map<string, Product>, owners: Owners): Judged => {
  const upserts = new Map<string, Upsert>();
  const draftOf = (write: ProductWrite): Upsert => {
    if ('draft' in write) return { draft: write.draft, collectionIds: [], isNew: true };
    const known = present.get(write.id);
    if (!known) throw new DomainError('NOT_FOUND', 'no such product');
    const now = { ...known, ...upserts.get(write.id)?.draft };
    return { draft: write.change(now), collectionIds: known.collectionIds, isNew: false };
  };
  const verdicts = writes.map((write): DomainError | string => {
    try {
      const upsert = draftOf(write);
      const refusal = refusalOf(owners, upsert.draft);
      if (refusal) return refusal;
      grant(owners, upsert.draft);
      upserts.set(upsert.draft.id, upsert);
      return upsert.draft.id;
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  });
  return { upserts, verdicts };
};

/** The owners of every slug and sku that the writes use. */
const listOwners = async (tx: Tx, storeId: StoreId, drafts: ProductDraft[]): Promise<Owners> => {
  const slugs = JSON.stringify(drafts.map(({ slug }) => slug));
  const skus = JSON.stringify(drafts.flatMap(({ variants }) => variants.map(({ sku }) => sku)));
  const rows = await tx.execute<{ kind: 'slug' | 'sku'; name: string; owner: string }>(sql`
    select 'slug' as kind, slug as name, id as owner from products.products
    where store_id = ${storeId} and slug in (select jsonb_array_elements_text(${slugs}::jsonb))
    union all
    select 'sku', sku, product_id from products.variants
    where store_id = ${storeId} and sku in (select jsonb_array_elements_text(${skus}::jsonb))`);
  const of = (kind: 'slug' | 'sku') =>
    new Map(rows.filter((row) => row.kind === kind).map(({ name, owner }) => [name, owner]));
  return { slugs: of('slug'), skus: of('sku') };
};

const free = (): Owners => ({ slugs: new Map(), skus: new Map() });

/** One order for all batches, so that two of them do not deadlock. */
const inOrder = (upserts: Iterable<Upsert>): Upsert[] =>
  [...upserts].toSorted((a, b) => (a.draft.slug < b.draft.slug ? -1 : 1));

const putOnce = async (tx: Tx, storeId: StoreId, writes: ProductWrite[]): Promise<Outcome[]> => {
  const present = await lockWritten(tx, storeId, writes);
  const drafts = [...judge(writes, present, free()).upserts.values()].map(({ draft }) => draft);
  const owners = await listOwners(tx, storeId, drafts);
  const { upserts, verdicts } = judge(writes, present, owners);
  const written = await putProducts(tx, inOrder(upserts.values()));
  const byId = new Map<string, Product>(written.map((one) => [one.id, one]));
  return verdicts.map((verdict) => {
    if (verdict instanceof DomainError) return verdict;
    const product = byId.get(verdict);
    if (!product) throw new Error('an accepted product write returned no row');
    return product;
  });
};

const isRaced = (error: unknown): boolean =>
  takenBy(error) !== undefined || sqlStateOf(error) === DEADLOCK;

/**
 * Accepts or refuses each write, in order, and stores the accepted ones set-based, each product
 * once. Refusals are NOT_FOUND, SLUG_TAKEN, SKU_TAKEN, and those of `change`. Throws UNAVAILABLE
 * when concurrent calls keep taking the same names.
 */
export const putBatch = async (
  tx: Tx,
  storeId: StoreId,
  writes: ProductWrite[],
): Promise<Outcome[]> => {
  for (let tries = 1; ; tries++) {
    try {
      return await tx.transaction((inner) => putOnce(inner, storeId, writes));
    } catch (error) {
      if (!isRaced(error)) throw error;
      if (tries < TRIES_MAX) continue;
      throw new DomainError('UNAVAILABLE', 'concurrent writes to the same products', {
        cause: error,
      });
    }
  }
};
