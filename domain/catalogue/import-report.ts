// The types of an import's settings and of its report: how the file was read, and what came of it.
import type { Currency } from '../money.ts';
import type { FileFormat, RowCode } from './imports.ts';

/** The signs that may separate an amount's decimals. */
export const DECIMAL_SIGNS = ['.', ','] as const;
export type DecimalSign = (typeof DECIMAL_SIGNS)[number];

/** Encodings that have no mark of their own and must be named (WHATWG Encoding Standard). */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1254',
  'iso-8859-2',
  'iso-8859-15',
  'shift_jis',
  'euc-jp',
  'gb18030',
  'big5',
  'euc-kr',
] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** What the uploader says of a file; what is absent is found in the file. */
export interface ImportSettings {
  /** The currency of rows that name none. */
  currency?: Currency | undefined;
  decimal?: DecimalSign | undefined;
  encoding?: Encoding | undefined;
  /** Whose handles and external ids the file has; the format's name when absent. */
  source?: string | undefined;
}

/** Where a value comes from: the uploader, the file, the store's other products, or our default. */
export const ORIGINS = ['given', 'file', 'store', 'default'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Columns of no field that a report names. */
export const UNKNOWN_COLUMNS_MAX = 100;

/** A column whose values are not taken. */
export interface UnknownColumn {
  column: string;
  /** Rows that have a value in it. */
  values: number;
  /** The column that is probably meant. */
  suggestion?: string | undefined;
}

export interface ImportReading {
  /** The format that was named or found. */
  format: FileFormat;
  source: string;
  encoding: Encoding;
  currency: { code: Currency; from: Origin };
  decimal: { sign: DecimalSign; from: Origin };
  unknownColumns: UnknownColumn[];
}

/** What came of an import. */
export interface ImportEffects {
  /** Products. */
  made: number;
  changed: number;
  /** Rows that are taken without some of their values. */
  leftOut: number;
}

/** Products of each kind that a report shows: the first of the file. */
export const SAMPLES_MAX = 20;

export interface ProductSample {
  row: number;
  name: string;
  sku?: string | undefined;
  productId?: string | undefined;
}

export interface ImportSamples {
  made: ProductSample[];
  /** `fields` are the product's fields that differ. */
  changed: (ProductSample & { fields: string[] })[];
  refused: { row: number; code: RowCode; message: string; sku?: string | undefined }[];
  /** Rows that are taken without some of their values, such as stock below zero. */
  leftOut?: { row: number; message: string; sku?: string | undefined }[];
}
