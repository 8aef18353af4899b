// Merges a planned product of an import with the stored one, without I/O, and judges each row.
import { newId, type CollectionId, type ProductId, type StoreId } from '../../../domain/ids.ts';
import type {
  NamedBy,
  PlannedProduct,
  PlannedVariant,
  RowCode,
  RowResult,
} from '../../../domain/catalogue/imports.ts';
import { isTooLong, VARIANTS_MAX, type Product, type Variant } from '../../../domain/product.ts';
import type { Upsert } from './bulk.ts';
import type { PathIds } from './category-trees.ts';
import {
  freeSlug,
  meantProduct,
  remember,
  withMeantSkus,
  type Present,
} from './import-identity.ts';
import type { ProductDraft } from './products.ts';

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
    const merged = { ...rest, ...next, position: one.position };
    // A list of prices has no options; the variant keeps its own, and the title made of them.
    if (Object.keys(next.options).length > 0) return merged;
    return { ...merged, options: one.options, title: next.title || one.title };
  });
  const added = [...fromFile.values()];
  return kept.concat(added.map((one, at) => ({ ...one, position: kept.length + at })));
};

/** What becomes of a product: made new, or these fields of it changed. */
export type Effect = { kind: 'made' } | { kind: 'changed'; fields: string[] };

export interface Judged {
  planned: PlannedProduct;
  results: RowResult[];
  upsert: Upsert | undefined;
  productId: ProductId | undefined;
  /** The product's name after the import. */
  name?: string;
  effect?: Effect;
}

/** Rows without sku and options, of a product that has several variants. */
const isUnclear = ({ variant, hasOwnSku }: PlannedVariant, present: Product | undefined): boolean =>
  !hasOwnSku &&
  Object.keys(variant.options).length === 0 &&
  (present?.variants.length ?? 0) > 1 &&
  present?.variants.every(({ sku }) => sku !== variant.sku) === true;

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
  const unclear = new Set(
    planned.variants.filter((one) => isUnclear(one, present)).map(({ row }) => row),
  );
  const results = planned.results.map((one): RowResult => {
    if (taken.has(one.row)) return failed(one, 'SKU_TAKEN', 'another product has this sku');
    if (unclear.has(one.row)) {
      return failed(one, 'PRICE_AMBIGUOUS', 'the product has several variants: give the sku');
    }
    if (!foreign.has(one.row)) return one;
    const message = `a product has one currency: ${currency}`;
    return { ...one, status: 'skipped', code: 'OTHER_CURRENCY', message };
  });
  const isOwn = ({ row }: PlannedVariant): boolean =>
    !taken.has(row) && !foreign.has(row) && !unclear.has(row);
  return { ...planned, variants: planned.variants.filter(isOwn), results };
};

const whyNot = (draft: { name: string | undefined; variants: Variant[] }): string | undefined => {
  if (isTooLong(draft)) return 'the product is longer than 256 KiB';
  if (!draft.name) return 'name is missing';
  const currencies = new Set(draft.variants.map(({ currency }) => currency));
  if (currencies.size > 1) return 'the product has another currency';
  return draft.variants.length > VARIANTS_MAX ? 'the product has too many variants' : undefined;
};

const allFailed = (
  planned: PlannedProduct,
  message: string,
  code: RowCode = 'INVALID_INPUT',
): Judged => ({
  planned,
  upsert: undefined,
  productId: undefined,
  results: planned.results.map((one) =>
    one.status === 'succeeded' ? failed(one, code, message) : one,
  ),
});

const draftOf = (
  storeId: StoreId,
  planned: PlannedProduct,
  present: Product | undefined,
  slug: string,
): Omit<ProductDraft, 'name'> & { name: string | undefined } => ({
  id: present?.id ?? newId('product'),
  storeId,
  slug: present?.slug ?? slug,
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

/** The product's fields, each in one form for equal contents. */
const canonical = (draft: ProductDraft, collectionIds: string[]): Record<string, unknown> => ({
  name: draft.name,
  description: draft.description,
  status: draft.status,
  attributes: sortedEntries(draft.attributes),
  media: draft.media.map(({ url, alt }) => [url, alt]),
  prices: draft.variants.map((one) => [
    one.sku,
    one.priceMinor,
    one.currency,
    one.compareAtMinor ?? null,
  ]),
  variants: draft.variants.map((one) => [
    one.sku,
    one.title,
    sortedEntries(one.options),
    one.position,
  ]),
  collections: [...new Set(collectionIds)].sort(),
});

const changedFields = (
  present: Product,
  draft: ProductDraft,
  collectionIds: CollectionId[],
): string[] => {
  const before = canonical(present, present.collectionIds);
  const after = canonical(draft, collectionIds);
  return Object.keys(after).filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
};

/** The results of written rows, with the effect on their product. */
const written = (
  { results }: PlannedProduct,
  productId: ProductId,
  namedBy: NamedBy,
  effect: Effect | undefined,
): RowResult[] =>
  results.map((one): RowResult => {
    if (one.status !== 'succeeded') return one;
    const own = { ...one, productId, namedBy };
    if (effect) return { ...own, effect: effect.kind };
    return { ...own, status: 'skipped', code: 'UNCHANGED' };
  });

/** Judges one planned product and adds it to the known ones for the products that follow. */
export const judge = (
  storeId: StoreId,
  asPlanned: PlannedProduct,
  present: Present,
  paths: PathIds,
): Judged => {
  const found = meantProduct(asPlanned, present);
  if ('code' in found) return allFailed(asPlanned, found.message, found.code);
  const { product, by } = found;
  const ownerOf = (sku: string): string | undefined => present.bySku.get(sku)?.id;
  const planned = withoutForeign(withMeantSkus(asPlanned, product, present), product, ownerOf);
  const isAnyGood = planned.results.some(({ status }) => status === 'succeeded');
  if (!isAnyGood && planned.results.every(({ status }) => status === 'skipped')) {
    return { planned, upsert: undefined, productId: product?.id, results: planned.results };
  }
  if (!isAnyGood || (planned.variants.length === 0 && !product)) {
    const first = planned.results.find(({ status }) => status === 'failed')?.message;
    return allFailed(planned, first ?? 'the product has no variant');
  }
  const draft = draftOf(storeId, planned, product, freeSlug(planned, present));
  const problem = whyNot(draft);
  if (problem) return allFailed(planned, problem);
  const collectionIds = [
    ...new Set([...(product?.collectionIds ?? []), ...planned.categories.flatMap(paths)]),
  ] as CollectionId[];
  const complete = draft as ProductDraft;
  const fields = product ? changedFields(product, complete, collectionIds) : [];
  const changed: Effect | undefined = fields.length > 0 ? { kind: 'changed', fields } : undefined;
  const effect = product ? changed : { kind: 'made' as const };
  remember(present, { ...(product ?? UNWRITTEN), ...complete, collectionIds }, planned, by);
  const results = written(planned, draft.id, by, effect);
  const upsert = effect ? { draft: complete, collectionIds, isNew: !product } : undefined;
  const { id: productId, name } = complete;
  return { planned, results, upsert, productId, name, ...(effect && { effect }) };
};
