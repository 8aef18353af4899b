// The stored state of a product in the read model: its document, its stock and its clocks.
import type { ProductStatus, Variant } from '../../domain/product.ts';

/** A product as shoppers' pages need it; stored as JSON beside the row. */
export interface ProductDocument {
  id: string;
  slug: string;
  name: string;
  description: string;
  status: ProductStatus;
  collectionIds: string[];
  /** Its position in the collections that define one. */
  positions?: Record<string, number>;
  attributes: Record<string, string>;
  media: { url: string; alt: string }[];
  variants: Variant[];
  priceFromMinor: number;
  currency: string;
  version: number;
  createdAtUs: number;
  updatedAtUs: number;
}

/** The folded state of a product; a clock of 0 means no event of that source yet. */
export interface Projected {
  productClockUs: number;
  stockClockUs: number;
  writtenAtUs: number;
  deleted: boolean;
  document: ProductDocument | undefined;
  stock: Record<string, number>;
}

export const NOTHING: Projected = {
  productClockUs: 0,
  stockClockUs: 0,
  writtenAtUs: 0,
  deleted: false,
  document: undefined,
  stock: {},
};

/** In stock when any variant has units left. */
export const isInStock = ({ document, stock }: Projected): boolean =>
  document?.variants.some((variant) => (stock[variant.sku] ?? 0) > 0) ?? false;

/** Above every earlier write timestamp: a second guard against a slow, replaced writer. */
export const writeTimestampUs = ({ productClockUs, stockClockUs, writtenAtUs }: Projected) =>
  Math.max(productClockUs, stockClockUs, writtenAtUs + 1);
