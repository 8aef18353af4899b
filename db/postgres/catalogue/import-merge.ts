// Merges a planned product of an import with the stored one, without I/O, and judges each row.
import { newId, type CollectionId, type ProductId, type StoreId } from '../../../domain/ids.ts';
import type {
  PlannedProduct,
  PlannedVariant,
  RowResult,
} from '../../../domain/catalogue/imports.ts';
import { isTooLong, VARIANTS_MAX, type Product, type Variant } from '../../../domain/product.ts';
import type { Upsert } from './bulk.ts';
import type { PathIds } from './category-trees.ts';
import type { ProductDraft } from './products.ts';

/** The stored products that a batch refers to. */
export interface Present {
  bySlug: Map<string, Product>;
  bySku: Map<string, Product>;
}

const failed = (row: RowResult, code: RowResult['code'], message: string): RowResult => ({
  ...row,
  status: 'failed',
  code,
  message,
});

/** The file's variants merged into the stored ones; fields absent from the file stay. */
const mergedVariants = (present: Variant[], planned: PlannedProduct): Variant[] => {
  const fromFile = new Map(planned.variants.map(({ variant }) => [variant.sku, variant]));
  const kept = present.map((one) => {
    const next = fromFile.get(one.sku);
    fromFile.delete(one.sku);
    if (!next) return one;
    const { compareAtMinor: _, ...rest } = one;
    return { ...rest, ...next, position: one.position };
  });
  const added = [...fromFile.values()];
  return kept.concat(added.map((one, at) => ({ ...one, position: kept.length + at })));
};

export interface Judged {
  planned: PlannedProduct;
  results: RowResult[];
  upsert: Upsert | undefined;
  productId: ProductId | undefined;
}

/** Removes variants whose sku belongs to another product, or whose currency differs. */
const withoutForeign = (
  planned: PlannedProduct,
  present: Product | undefined,
  ownerOf: (sku: string) => string | undefined,
): PlannedProduct => {
  const currency = present?.variants[0]?.currency;
  const isTaken = ({ variant }: PlannedVariant): boolean => {
    const owner = ownerOf(variant.sku);
    return owner !== undefined && owner !== present?.id;
  };
  const isForeign = ({ variant }: PlannedVariant): boolean =>
    currency !== undefined && variant.currency !== currency;
  const taken = new Set(planned.variants.filter(isTaken).map(({ row }) => row));
  const foreign = new Set(planned.variants.filter(isForeign).map(({ row }) => row));
  const results = planned.results.map((one): RowResult => {
    if (taken.has(one.row)) return failed(one, 'SKU_TAKEN', 'another product has this sku');
    if (!foreign.has(one.row)) return one;
    const message = `a product has one currency: ${currency}`;
    return { ...one, status: 'skipped', code: 'OTHER_CURRENCY', message };
  });
  const isOwn = ({ row }: PlannedVariant): boolean => !taken.has(row) && !foreign.has(row);
  return { ...planned, variants: planned.variants.filter(isOwn), results };
};

const whyNot = (draft: { name: string | undefined; variants: Variant[] }): string | undefined => {
  if (isTooLong(draft)) return 'the product is longer than 256 KiB';
  if (!draft.name) return 'name is missing';
  const currencies = new Set(draft.variants.map(({ currency }) => currency));
  if (currencies.size > 1) return 'the product has another currency';
  return draft.variants.length > VARIANTS_MAX ? 'the product has too many variants' : undefined;
};

const allFailed = (planned: PlannedProduct, message: string): Judged => ({
  planned,
  upsert: undefined,
  productId: undefined,
  results: planned.results.map((one) =>
    one.status === 'succeeded' ? failed(one, 'INVALID_INPUT', message) : one,
  ),
});

const draftOf = (
  storeId: StoreId,
  planned: PlannedProduct,
  present: Product | undefined,
): Omit<ProductDraft, 'name'> & { name: string | undefined } => ({
  id: present?.id ?? newId('product'),
  storeId,
  slug: present?.slug ?? planned.slug,
  name: planned.name ?? present?.name,
  description: planned.description ?? present?.description ?? '',
  status: planned.status ?? present?.status ?? 'published',
  attributes: { ...present?.attributes, ...planned.attributes },
  media: planned.media.length > 0 ? planned.media : (present?.media ?? []),
  variants: mergedVariants(present?.variants ?? [], planned),
});

/** Fields of a product that is not written yet; they are never read. */
const UNWRITTEN = { positions: {}, version: 0, clockUs: 0, createdAt: '', updatedAt: '' };

const sortedEntries = (map: Record<string, string>) =>
  Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));

const canonical = (draft: ProductDraft, collectionIds: string[]): string =>
  JSON.stringify([
    draft.name,
    draft.description,
    draft.status,
    sortedEntries(draft.attributes),
    draft.media.map(({ url, alt }) => [url, alt]),
    draft.variants.map((one) => [
      one.sku,
      one.title,
      sortedEntries(one.options),
      one.priceMinor,
      one.currency,
      one.compareAtMinor ?? null,
      one.position,
    ]),
    [...new Set(collectionIds)].sort(),
  ]);

/** Judges one planned product and adds it to the known ones for the products that follow. */
export const judge = (
  storeId: StoreId,
  asPlanned: PlannedProduct,
  { bySlug, bySku }: Present,
  paths: PathIds,
): Judged => {
  const bySkus = asPlanned.variants.map(({ variant }) => bySku.get(variant.sku)).find(Boolean);
  const present = asPlanned.hasOwnSlug
    ? bySlug.get(asPlanned.slug)
    : (bySkus ?? bySlug.get(asPlanned.slug));
  const ownerOf = (sku: string): string | undefined => bySku.get(sku)?.id;
  const planned = withoutForeign(asPlanned, present, ownerOf);
  const isAnyGood = planned.results.some(({ status }) => status === 'succeeded');
  if (!isAnyGood && planned.results.every(({ status }) => status === 'skipped')) {
    return { planned, upsert: undefined, productId: present?.id, results: planned.results };
  }
  if (!isAnyGood || (planned.variants.length === 0 && !present)) {
    const first = planned.results.find(({ status }) => status === 'failed')?.message;
    return allFailed(planned, first ?? 'no row of this product can be imported');
  }
  const draft = draftOf(storeId, planned, present);
  const problem = whyNot(draft);
  if (problem) return allFailed(planned, problem);
  const collectionIds = [
    ...new Set([...(present?.collectionIds ?? []), ...planned.categories.flatMap(paths)]),
  ] as CollectionId[];
  const complete = draft as ProductDraft;
  const isSame =
    present && canonical(present, present.collectionIds) === canonical(complete, collectionIds);
  const next = { ...(present ?? UNWRITTEN), ...complete, collectionIds };
  bySlug.set(next.slug, next);
  for (const { sku } of next.variants) bySku.set(sku, next);
  const results = planned.results.map((one): RowResult => {
    if (one.status !== 'succeeded') return one;
    const own = { ...one, productId: draft.id };
    return isSame ? { ...own, status: 'skipped', code: 'UNCHANGED' } : own;
  });
  const upsert = isSame ? undefined : { draft: complete, collectionIds, isNew: !present };
  return { planned, results, upsert, productId: draft.id };
};
