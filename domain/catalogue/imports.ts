// Imports of catalogues: what a file's rows say, and what may come of each of them.
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
/** Rows written in one transaction; a product's rows are never torn apart. */
export const IMPORT_BATCH_ROWS = 500;

/** Why a row failed or was skipped; the codes of refusals where there is one. */
export type RowCode =
  | Extract<ErrorCode, 'INVALID_INPUT' | 'SKU_TAKEN' | 'STOCK_BELOW_RESERVED' | 'PRICE_AMBIGUOUS'>
  | 'MALFORMED_ROW'
  | 'UNKNOWN_COLLECTION'
  | 'OTHER_CURRENCY'
  | 'UNCHANGED';

export interface RowResult {
  /** Counts the file's rows from 1, its header and blank lines left out. */
  row: number;
  status: RowStatus;
  code?: RowCode | undefined;
  message?: string | undefined;
  sku?: string | undefined;
  productId?: string | undefined;
}

/** What one row says, still as the file has it; absent is what it does not say. */
export interface ImportRow {
  row: number;
  slug?: string | undefined;
  sku?: string | undefined;
  name?: string | undefined;
  description?: string | undefined;
  status?: string | undefined;
  price?: string | undefined;
  compareAt?: string | undefined;
  currency?: string | undefined;
  title?: string | undefined;
  stock?: string | undefined;
  options: Record<string, string>;
  attributes: Record<string, string>;
  /** Each a path from the top of a tree of categories. */
  categories: string[][];
  media: { url: string; alt: string }[];
  /** Why the row could not even be read. */
  problem?: string | undefined;
}

/** A category of a tree; its handle is unique in a store. */
export interface ImportCategory {
  row: number;
  handle: string;
  name: string;
  parentHandle?: string | undefined;
}

/** A variant as a row says it; what it leaves open is taken from the product that is there. */
export interface PlannedVariant {
  row: number;
  variant: Variant;
  stock: number | undefined;
}

/** A product as its rows say it: what may be written, and what is known of each row by now. */
export interface PlannedProduct {
  slug: string;
  /** The file itself gave the slug; else a product with one of the skus comes before it. */
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
