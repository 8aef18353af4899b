// Finds which stored product a file's rows mean. The rule is in docs/products.md.
import { createHash } from 'node:crypto';
import type { NamedBy, PlannedProduct, RowCode } from '../../../domain/catalogue/imports.ts';
import {
  nameKeyOf,
  SKU_LENGTH_MAX,
  SLUG_LENGTH_MAX,
  type Product,
  type Variant,
} from '../../../domain/product.ts';

/** How rows of this import have named a product, and which. */
export interface Naming {
  by: NamedBy;
  rows: number[];
  /** Its skus, of rows of the same batch. */
  skus?: string[];
}

/** The stored products that a batch refers to, and what it has made so far. */
export interface Present {
  byId: Map<string, Product>;
  /** By the handles and external ids of the import's source. */
  byKey: Map<string, Product>;
  bySku: Map<string, Product>;
  byName: Map<string, Product[]>;
  /** The keys that products have at the import's source, by product id. */
  keysOf: Map<string, string[]>;
  /** The owner of each slug that a new product may want. */
  slugOwners: Map<string, string>;
  namings: Map<string, Naming[]>;
}

export interface Meant {
  product: Product | undefined;
  by: NamedBy;
}

export interface NotMeant {
  code: RowCode;
  message: string;
}

const ownSkusOf = ({ variants }: PlannedProduct): string[] =>
  variants.flatMap(({ variant, hasOwnSku }) => (hasOwnSku ? [variant.sku] : []));

/** True for a product that its source calls something else. */
const isOther = ({ keys }: PlannedProduct, { keysOf }: Present, product: Product): boolean => {
  const known = keysOf.get(product.id) ?? [];
  return keys.length > 0 && known.length > 0 && !known.some((key) => keys.includes(key));
};

const meantByName = (planned: PlannedProduct, present: Present): Meant | NotMeant => {
  const all = present.byName.get(nameKeyOf(planned.name ?? '')) ?? [];
  const named = all.filter((product) => !isOther(planned, present, product));
  if (named.length > 1) {
    const message = 'several products have this name: give a sku, a handle or an id';
    return { code: 'AMBIGUOUS_PRODUCT', message };
  }
  return { product: named[0], by: 'name' };
};

const meant = (planned: PlannedProduct, present: Present): Meant | NotMeant => {
  if (planned.id !== undefined) {
    const product = present.byId.get(planned.id);
    if (product) return { product, by: 'id' };
    return { code: 'UNKNOWN_PRODUCT', message: 'no product has this id' };
  }
  const known = planned.keys.map((key) => present.byKey.get(key)).find(Boolean);
  if (known) return { product: known, by: 'key' };
  const by = planned.keys.length > 0 ? 'key' : 'sku';
  const skus = ownSkusOf(planned);
  const found = skus.map((sku) => present.bySku.get(sku)).find(Boolean);
  if (found && !isOther(planned, present, found)) return { product: found, by };
  if (skus.length > 0) return { product: undefined, by };
  const named = meantByName(planned, present);
  return 'code' in named || by === 'sku' ? named : { ...named, by };
};

/** Whether these rows say of the product, and of its prices, what is known of it already. */
const saysTheSame = ({ name, variants }: PlannedProduct, product: Product): boolean =>
  (name === undefined || name === product.name) &&
  variants.every(({ variant }) =>
    product.variants.some(
      ({ sku, priceMinor }) => sku === variant.sku && priceMinor === variant.priceMinor,
    ),
  );

/** A product that other rows of the file have named in another way, or say something else of. */
const namedOtherwise = (
  planned: PlannedProduct,
  { product, by }: { product: Product; by: NamedBy },
  namings: Naming[],
): Naming | undefined => {
  const own = new Set(planned.results.map(({ row }) => row));
  const skus = ownSkusOf(planned);
  const isSkuAgain = (one: Naming): boolean =>
    by === 'sku' && skus.some((sku) => one.skus?.includes(sku)) && !saysTheSame(planned, product);
  // Two rows of one name alone are two products of the shop, and nothing tells them apart.
  const others = namings.filter((one) => one.by !== by || by === 'name' || isSkuAgain(one));
  return others.find(({ rows }) => rows.some((row) => !own.has(row)));
};

/**
 * The product that these rows mean: by its id, else by a handle or external id of the source, else
 * by a sku, else by the exact name. AMBIGUOUS_PRODUCT, UNKNOWN_PRODUCT.
 */
export const meantProduct = (planned: PlannedProduct, present: Present): Meant | NotMeant => {
  const found = meant(planned, present);
  if ('code' in found || !found.product) return found;
  const namings = present.namings.get(found.product.id) ?? [];
  const other = namedOtherwise(planned, { product: found.product, by: found.by }, namings);
  if (!other) return found;
  const message = `row ${other.rows[0]} means the same product by its ${other.by}: give each an id`;
  return { code: 'AMBIGUOUS_PRODUCT', message };
};

/** Adds a product that the batch writes to the known ones. */
export const remember = (
  present: Present,
  product: Product,
  planned: PlannedProduct,
  by: NamedBy,
): void => {
  const { id, slug, name, variants } = product;
  const before = present.byId.get(id);
  present.byId.set(id, product);
  for (const key of planned.keys) present.byKey.set(key, product);
  for (const key of present.keysOf.get(id) ?? []) present.byKey.set(key, product);
  present.keysOf.set(id, [...new Set([...(present.keysOf.get(id) ?? []), ...planned.keys])]);
  for (const { sku } of variants) present.bySku.set(sku, product);
  if (before) {
    const old = nameKeyOf(before.name);
    present.byName.set(
      old,
      (present.byName.get(old) ?? []).filter((one) => one.id !== id),
    );
  }
  const nameKey = nameKeyOf(name);
  present.byName.set(nameKey, [...(present.byName.get(nameKey) ?? []), product]);
  present.slugOwners.set(slug, id);
  const rows = planned.results.map(({ row }) => row);
  const naming: Naming = { by, rows, skus: ownSkusOf(planned) };
  present.namings.set(id, [...(present.namings.get(id) ?? []), naming]);
};

const hashOf = (texts: string[], length: number): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, length);

/** What tells a new product from all others, as its file names it. */
const identityOf = ({ keys, name, variants }: PlannedProduct): string[] => {
  const [key = variants[0]?.hasOwnSku ? variants[0].variant.sku : undefined] = keys;
  return key === undefined ? ['name', nameKeyOf(name ?? '')] : ['key', key];
};

/** The planned slug, with a part made of the product's identity where another product has it. */
export const freeSlug = (planned: PlannedProduct, { slugOwners }: Present): string => {
  if (planned.slug !== 'product' && !slugOwners.has(planned.slug)) return planned.slug;
  const own = hashOf(identityOf(planned), 8);
  return `${planned.slug.slice(0, SLUG_LENGTH_MAX - own.length - 1).replace(/-$/, '')}-${own}`;
};

const optionsKey = ({ options }: Variant): string =>
  JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * The planned product with the skus of the variants that its rows mean: a row without one means the
 * variant of the same options, or the only variant; otherwise it makes a new one.
 */
export const withMeantSkus = (
  planned: PlannedProduct,
  product: Product | undefined,
  { bySku }: Present,
): PlannedProduct => {
  const stored = product?.variants ?? [];
  const byOptions = new Map(stored.map((one) => [optionsKey(one), one.sku]));
  const isOnlyOne = planned.variants.length === 1 && stored.length === 1;
  const isFree = (sku: string): boolean => !bySku.has(sku);
  const skuOf = (variant: Variant): string => {
    const isPlain = Object.keys(variant.options).length === 0;
    const meantSku = byOptions.get(optionsKey(variant)) ?? (isOnlyOne && isPlain && stored[0]?.sku);
    if (meantSku) return meantSku;
    if (isFree(variant.sku) && !/^PRODUCT\b/.test(variant.sku)) return variant.sku;
    const own = hashOf([...identityOf(planned), optionsKey(variant)], 8).toUpperCase();
    return `${variant.sku.slice(0, SKU_LENGTH_MAX - own.length - 1)}-${own}`;
  };
  const variants = planned.variants.map((one) => {
    if (one.hasOwnSku) return one;
    return { ...one, variant: { ...one.variant, sku: skuOf(one.variant) } };
  });
  return { ...planned, variants };
};
