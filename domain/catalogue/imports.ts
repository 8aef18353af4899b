// The types of catalogue imports: formats, statuses, parsed rows and planned products.
import type { ErrorCode } from '../errors.ts';
import type { ProductStatus, Variant } from '../product.ts';

export const FILE_FORMATS = [
  'holdfast',
  'shopify',
  'spree',
  'woocommerce',
  'google',
  'json',
] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];
export const IMPORT_FORMATS = ['auto', ...FILE_FORMATS] as const;
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
  | 'AMBIGUOUS_PRODUCT'
  | 'UNKNOWN_PRODUCT'
  | 'UNCHANGED';

/** How a file says which product it means; `key` is the handle or external id of its source. */
export const NAMED_BY = ['id', 'key', 'sku', 'name'] as const;
export type NamedBy = (typeof NAMED_BY)[number];

/** Longest handle or external id. */
export const KEY_LENGTH_MAX = 500;

export interface RowResult {
  /** Row number, counted from 1 without the header and blank lines. */
  row: number;
  status: RowStatus;
  code?: RowCode | undefined;
  message?: string | undefined;
  sku?: string | undefined;
  productId?: string | undefined;
  namedBy?: NamedBy | undefined;
  effect?: 'made' | 'changed' | undefined;
}

/** The fields of one row as text; a field the row does not have is absent. */
export interface ImportRow {
  row: number;
  /** The product's id here. */
  id?: string | undefined;
  /** The source's handle or external id of the product, exactly as written. */
  keys: string[];
  sku?: string | undefined;
  name?: string | undefined;
  description?: string | undefined;
  status?: string | undefined;
  /** Whether its shop shows the product, where a column of its own says so. */
  isPublished?: boolean | undefined;
  /** A number where the file has one (JSON), otherwise its text. */
  price?: string | number | undefined;
  compareAt?: string | number | undefined;
  currency?: string | undefined;
  title?: string | undefined;
  stock?: string | undefined;
  options: Record<string, string>;
  attributes: Record<string, string>;
  /** Each is a path from the root of a category tree. */
  categories: string[][];
  media: { url: string; alt: string }[];
  /** What was left out while the row was read. */
  notes: string[];
  /** True for the product's own row, which is no variant. */
  isMaster?: boolean | undefined;
  /** True for a variant that names its product, which may be anywhere in the file. */
  isVariation?: boolean | undefined;
  /** Why the row could not be parsed, or is of a kind that is not taken. */
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
  /** False when the file has no sku: the variant is then known by its options. */
  hasOwnSku: boolean;
  variant: Variant;
  stock: number | undefined;
}

/** A product from its rows: the fields to write, and the row results known so far. */
export interface PlannedProduct {
  /** The slug of a new product, unless another product has it. */
  slug: string;
  /** The product's id, where the file has it. */
  id: string | undefined;
  /** The handles and external ids of its source, exactly as written. */
  keys: string[];
  name: string | undefined;
  description: string | undefined;
  status: ProductStatus | undefined;
  attributes: Record<string, string>;
  media: { url: string; alt: string }[];
  categories: string[][];
  variants: PlannedVariant[];
  results: RowResult[];
}
