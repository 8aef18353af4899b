// The types of products and collections, and the rules that every product satisfies.
import { fold } from './text.ts';
import { DomainError } from './errors.ts';
import type { CollectionId, ProductId, StoreId } from './ids.ts';
import type { Currency } from './money.ts';

export const PRODUCT_STATUSES = ['draft', 'published', 'archived'] as const;
export type ProductStatus = (typeof PRODUCT_STATUSES)[number];

export const NAME_LENGTH_MAX = 200;
export const DESCRIPTION_LENGTH_MAX = 10_000;
export const VARIANTS_MAX = 100;
/** Largest product as JSON, in characters, so that a page of a hundred products fits a response. */
export const PRODUCT_LENGTH_MAX = 256 * 1024;
/**
 * 1 to 64 printable characters, compared exactly; none of Unicode's "other" (controls, formats,
 * surrogates) and separators of lines. Neither end is a blank: it would not be seen.
 */
export const SKU_PATTERN = /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]{0,62}[^\p{C}\p{Z}])?$/u;
export const SKU_LENGTH_MAX = 64;
export const SLUG_LENGTH_MAX = 80;

export interface Variant {
  sku: string;
  title: string;
  options: Record<string, string>;
  priceMinor: number;
  currency: Currency;
  compareAtMinor?: number | undefined;
  position: number;
}

export interface Product {
  id: ProductId;
  storeId: StoreId;
  slug: string;
  name: string;
  description: string;
  status: ProductStatus;
  collectionIds: CollectionId[];
  /** The product's position in each collection that defines an order. */
  positions: Record<string, number>;
  attributes: Record<string, string>;
  media: { url: string; alt: string }[];
  variants: Variant[];
  version: number;
  /** Microseconds since 1970, strictly rising per product: the write timestamp in Cassandra. */
  clockUs: number;
  createdAt: string;
  updatedAt: string;
}

export interface Collection {
  id: CollectionId;
  storeId: StoreId;
  name: string;
  description: string;
  /** The handle and parent of a category that an import made. */
  handle?: string;
  parentId?: CollectionId;
  version: number;
  clockUs: number;
  createdAt: string;
  updatedAt: string;
}

/** A readable, URL-safe name: "Trail Shoe, Red" is `trail-shoe-red`. May be empty. */
export const slugOf = (name: string): string =>
  fold(name)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, SLUG_LENGTH_MAX)
    .replace(/-+$/, '');

/** The form in which two exact names are compared: Unicode NFKC, without case. */
export const nameKeyOf = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

/** True when the product's JSON exceeds PRODUCT_LENGTH_MAX. */
export const isTooLong = (product: object): boolean =>
  JSON.stringify(product).length > PRODUCT_LENGTH_MAX;

/** Sku of the variant made from a body with only `price`: the product id without its prefix. */
export const defaultSku = (productId: ProductId): string => productId.slice('prd_'.length);

/** The price shown in lists: that of the cheapest variant. */
export const priceFromMinor = (variants: Variant[]): number =>
  Math.min(...variants.map((variant) => variant.priceMinor));

/**
 * Sets the price of the only variant. Throws PRICE_AMBIGUOUS when the product has several variants.
 */
export const withSinglePrice = (variants: Variant[], priceMinor: number): Variant[] => {
  const [only, ...others] = variants;
  if (!only || others.length > 0) {
    throw new DomainError('PRICE_AMBIGUOUS', 'price: this product has several variants', {
      fields: [{ path: 'price', message: 'give the price of each variant' }],
    });
  }
  return [{ ...only, priceMinor }];
};
