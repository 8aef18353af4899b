// The types of catalogue imports: formats, statuses, parsed rows and planned products.
import type { ErrorCode } from '../errors.ts';
import type { ProductStatus, Variant } from '../product.ts';

export const IMPORT_FORMATS = ['auto', 'holdfast', 'shopify', 'spree', 'json'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

export const IMPORT_STATUSES = ['uploading', 'running', 'paused', 'completed', 'failed'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

export const ROW_STATUSES = ['succeeded', 'failed', 'skipped'] as const;
export type RowStatus = (typeof ROW_STATUSES)[number];

/** Largest file, in bytes. */
export const IMPORT_BYTES_MAX = 100 * 1024 * 1024;
/** Rows written in one transaction; the rows of one product stay in one batch. */
export const IMPORT_BATCH_ROWS = 500;

/** Why a row failed or was skipped; error codes are reused where one exists. */
export type RowCode =
  | Extract<ErrorCode, 'INVALID_INPUT' | 'SKU_TAKEN' | 'STOCK_BELOW_RESERVED' | 'PRICE_AMBIGUOUS'>
  | 'MALFORMED_ROW'
  | 'UNKNOWN_COLLECTION'
  | 'OTHER_CURRENCY'
  | 'UNCHANGED';

export interface RowResult {
  /** Row number, counted from 1 without the header and blank lines. */
  row: number;
  status: RowStatus;
  code?: RowCode | undefined;
  message?: string | undefined;
  sku?: string | undefined;
  productId?: string | undefined;
}

/** The fields of one row as text; a field the row does not have is absent. */
export interface ImportRow {
  row: number;
  slug?: string | undefined;
  sku?: string | undefined;
  name?: string | undefined;
  description?: string | undefined;
  status?: string | undefined;
  /** Whether its shop shows the product, where a column of its own says so. */
  isPublished?: boolean | undefined;
  price?: string | undefined;
  compareAt?: string | undefined;
  currency?: string | undefined;
  title?: string | undefined;
  stock?: string | undefined;
  options: Record<string, string>;
  attributes: Record<string, string>;
  /** Each is a path from the root of a category tree. */
  categories: string[][];
  media: { url: string; alt: string }[];
  /** Why the row could not be parsed. */
  problem?: string | undefined;
}

/** A category of a tree; its handle is unique in its store. */
export interface ImportCategory {
  row: number;
  handle: string;
  name: string;
  parentHandle?: string | undefined;
}

/** A variant from one row; missing fields are taken from the stored product. */
export interface PlannedVariant {
  row: number;
  variant: Variant;
  stock: number | undefined;
}

/** A product from its rows: the fields to write, and the row results known so far. */
export interface PlannedProduct {
  slug: string;
  /** True when the file has the slug; otherwise a product with one of the skus takes precedence. */
  hasOwnSlug: boolean;
  name: string | undefined;
  description: string | undefined;
  status: ProductStatus | undefined;
  attributes: Record<string, string>;
  media: { url: string; alt: string }[];
  categories: string[][];
  variants: PlannedVariant[];
  results: RowResult[];
}
