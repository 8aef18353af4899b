// Finds out whose file it is by its header, and how its records are read.
import type { FileFormat, ImportFormat, ImportRow } from '../../domain/catalogue/imports.ts';
import { DomainError } from '../../domain/errors.ts';
import { emptyRow, headerKey, isHeader, takeColumns, takersOf } from './columns.ts';
import { googleRow, isGoogle, isTakenOfGoogle } from './google.ts';
import { isTakenOfWoo, isWoo, wooRow } from './woocommerce.ts';

/** Other shops' files, which would be taken half: a header with all of these columns. */
const NOT_READ: [name: string, columns: string[]][] = [
  ['Magento', ['attribute_set_code', 'product_type']],
  ['Magento', ['_attribute_set', '_type']],
  ['PrestaShop', ['active_0_1']],
  ['PrestaShop', ['price_tax_excl.', 'reference']],
  ['PrestaShop', ['price_tax_excluded', 'tax_rules_id']],
  ['BigCommerce', ['item_type', 'product_code_sku']],
  ['BigCommerce', ['item', 'inventory_tracking', 'current_stock']],
  ['Squarespace', ['product_id_non_editable']],
  ['Squarespace', ['product_page', 'product_url']],
  ['Wix', ['handleid', 'fieldtype']],
];

/** Reads one record; `onUnknown` is called for each value of a column that is not taken. */
export type ReadRecord = (
  record: string[],
  number: number,
  onUnknown: (column: string) => void,
) => ImportRow;

const hasAll = (keys: string[], columns: string[]): boolean =>
  columns.every((column) => keys.includes(headerKey(column)));

const detected = (keys: string[]): FileFormat => {
  if (isWoo(keys)) return 'woocommerce';
  if (isGoogle(keys)) return 'google';
  const has = (...columns: string[]): boolean => columns.some((one) => keys.includes(one));
  if (has('handle', 'url_handle') && has('title')) return 'shopify';
  return has('slug') && has('available_on', 'meta_title', 'tax_category') ? 'spree' : 'holdfast';
};

const byColumns = (header: string[]): ReadRecord => {
  const takers = takersOf(header);
  return (record, number, onUnknown) =>
    takeColumns(emptyRow(number), takers, record, (at) => onUnknown(header[at] ?? ''));
};

/** A format whose fields are read by name, together. */
const byName = (
  header: string[],
  isTaken: (key: string) => boolean,
  rowOf: (values: Map<string, string>, number: number) => ImportRow,
): ReadRecord => {
  const keys = header.map(headerKey);
  return (record, number, onUnknown) => {
    const values = new Map<string, string>();
    for (const [at, key] of keys.entries()) {
      const value = record[at]?.trim() ?? '';
      if (value === '') continue;
      if (isTaken(key)) values.set(key, value);
      else onUnknown(header[at] ?? '');
    }
    return rowOf(values, number);
  };
};

const readerOf = (format: FileFormat, header: string[]): ReadRecord => {
  if (format === 'woocommerce') return byName(header, isTakenOfWoo, wooRow);
  if (format === 'google') return byName(header, isTakenOfGoogle, googleRow);
  return byColumns(header);
};

const lengthProblem = (record: string[], header: string[]): string | undefined => {
  const [has, wanted] = [record.length, header.length];
  if (has > wanted && record.slice(wanted).some((one) => one.trim() !== '')) {
    return `has ${has} fields where the header has ${wanted}`;
  }
  return has < wanted / 2 ? `has only ${has} of ${wanted} fields` : undefined;
};

/**
 * The format of a CSV file and how its records are read. INVALID_INPUT for a header that no format
 * has, and for a file of a shop that is not read.
 */
export const csvFormat = (
  header: string[],
  named: ImportFormat,
): { format: FileFormat; read: ReadRecord } => {
  const keys = header.map(headerKey);
  const foreign = NOT_READ.find(([, columns]) => hasAll(keys, columns))?.[0];
  if (named === 'auto' && foreign) {
    const why = `this is a file of ${foreign}, which is not read; export it for Shopify or Google`;
    throw new DomainError('INVALID_INPUT', why);
  }
  const format = named === 'auto' || named === 'json' ? detected(keys) : named;
  if (!isWoo(keys) && !isHeader(header)) {
    throw new DomainError('INVALID_INPUT', 'the first line is no header we know');
  }
  const reader = readerOf(format, header);
  const read: ReadRecord = (record, number, onUnknown) => {
    const row = reader(record, number, onUnknown);
    row.problem ??= lengthProblem(record, header);
    return row;
  };
  return { format, read };
};
