// Maps the columns of Holdfast's, Spree's and Shopify's files to fields by their headers.
import type { ImportRow } from '../../domain/catalogue/imports.ts';

/** Fields that one column holds, and every header of that column. */
const FIELDS: Record<string, string[]> = {
  slug: ['slug', 'handle', 'url_handle'],
  sku: ['sku', 'variant_sku'],
  name: ['name', 'title', 'product_name'],
  description: ['description', 'body_html', 'body'],
  status: ['status'],
  price: ['price', 'variant_price'],
  compareAt: ['compare_at_price', 'compareatprice', 'variant_compare_at_price', 'compare_at'],
  currency: ['currency', 'variant_currency'],
  title: ['variant_title'],
  stock: [
    'inventory',
    'inventory_count',
    'inventory_quantity',
    'variant_inventory_qty',
    'stock',
    'quantity',
  ],
  published: ['published', 'published_on_online_store'],
};

/** Headers of columns that become an attribute of this name. */
const ATTRIBUTES: Record<string, string> = {
  brand: 'brand',
  vendor: 'brand',
  type: 'type',
  product_type: 'type',
  custom_product_type: 'type',
  tags: 'tags',
};

const CATEGORY = /^(?:collections?|categor(?:y|ies)_?\d*|product_category|standard_product_type)$/;
const OPTION = /^option_?(\d)_(name|value)$/;
const IMAGE = /^(?:image(?:_?\d)?(?:_src|_url)?|product_image_url|media(?:_?\d)?)$/;
const IMAGE_ALT = /^image_?(\d?)_alt(?:_text)?$/;
const OWN_ATTRIBUTE = /^(?:attributes?|custom_field)[._](.+)$/;
const METAFIELD = /\((?:product\.)?metafields\.([\w.-]+)\)$/;

/** "Variant Compare At Price" and "variant-compare-at-price" are the same header. */
export const headerKey = (header: string): string =>
  header
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, '_')
    .replace(/^_+|_+$/g, '');

type Take = (row: ImportRow, value: string) => void;

const separator = /\s*(?:->|>|\/(?=\s)|\|)\s*/;

/** "Kitchen -> Coffee Machines"; semicolons separate several paths in one cell. */
export const pathsOf = (cell: string): string[][] =>
  cell
    .split(';')
    .map((path) =>
      path
        .split(separator)
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .filter((path) => path.length > 0);

const fieldTaker = (key: string): Take | undefined => {
  const field = Object.keys(FIELDS).find((name) => FIELDS[name]?.includes(key));
  if (!field) return undefined;
  if (field === 'published') {
    return (row, value) => void (row.isPublished = /^(?:true|yes|1)$/i.test(value));
  }
  return (row, value) => void Object.assign(row, { [field]: value });
};

/** An option takes two columns: its name is kept until its value is read. */
const optionTaker = (key: string): Take | undefined => {
  const [, place = '', part] = OPTION.exec(key) ?? [];
  if (!part) return undefined;
  const own = `\0${place}`;
  if (part === 'name') return (row, value) => void (row.options[own] = value);
  return (row, value) => {
    row.options[row.options[own] ?? `Option ${place}`] = value;
  };
};

const attributeTaker = (key: string, header: string): Take | undefined => {
  const metafield = METAFIELD.exec(header)?.[1];
  const own = metafield ?? OWN_ATTRIBUTE.exec(key)?.[1];
  const name = own?.split('.').at(-1) ?? ATTRIBUTES[key];
  return name ? (row, value) => void (row.attributes[name] = value) : undefined;
};

const mediaTaker = (key: string): Take | undefined => {
  if (IMAGE_ALT.test(key)) {
    return (row, value) => {
      const last = row.media.at(-1);
      if (last) last.alt = value;
    };
  }
  return IMAGE.test(key) ? (row, value) => void row.media.push({ url: value, alt: '' }) : undefined;
};

const categoryTaker = (key: string): Take | undefined =>
  CATEGORY.test(key) ? (row, value) => void row.categories.push(...pathsOf(value)) : undefined;

/** How to read a column's values; undefined for an unknown column. */
export const takerOf = (header: string): Take | undefined => {
  const key = headerKey(header);
  return (
    fieldTaker(key) ??
    optionTaker(key) ??
    mediaTaker(key) ??
    categoryTaker(key) ??
    attributeTaker(key, header)
  );
};

export const emptyRow = (row: number): ImportRow => ({
  row,
  options: {},
  attributes: {},
  categories: [],
  media: [],
});

/** Removes names of options without a value, and options without a name. */
const settled = (row: ImportRow): ImportRow => {
  row.options = Object.fromEntries(
    Object.entries(row.options).filter(([name]) => !name.startsWith('\0')),
  );
  return row;
};

/** Reads the records of a file with this header. */
export const rowReader = (header: string[]) => {
  const takers = header.map(takerOf);
  return (record: string[], number: number): ImportRow => {
    const row = emptyRow(number);
    for (const [at, take] of takers.entries()) {
      const value = record[at]?.trim() ?? '';
      if (value !== '') take?.(row, value);
    }
    if (record.length > header.length && record.slice(header.length).some((one) => one.trim())) {
      row.problem = `has ${record.length} fields where the header has ${header.length}`;
    } else if (record.length < header.length / 2) {
      row.problem = `has only ${record.length} of ${header.length} fields`;
    }
    return settled(row);
  };
};

/** A header needs a column for the name, and one for the price, the sku or the handle. */
export const isHeader = (header: string[]): boolean => {
  const keys = header.map(headerKey);
  const has = (field: string): boolean => keys.some((key) => FIELDS[field]?.includes(key));
  return (has('name') || has('slug') || has('sku')) && (has('price') || has('name'));
};

/** Shopify repeats no option names after a handle's first row: later rows take that row's names. */
export const withOptionNames = (row: ImportRow, names: string[]): ImportRow => {
  const options = Object.entries(row.options).map(([name, value]) => {
    const place = /^Option (\d)$/.exec(name)?.[1];
    return [place ? (names[Number(place) - 1] ?? name) : name, value];
  });
  return { ...row, options: Object.fromEntries(options) as Record<string, string> };
};
