// Columns of the files we know, by their headers: our own, Spree's, Shopify's; JSON by its mapping.
import type { ImportRow } from '../../domain/catalogue/imports.ts';

/** Fields of a row that stand in one column, and every name this column is known by. */
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

/** Columns that become an attribute of this name. */
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

/** "Variant Compare At Price" and "variant-compare-at-price" are one header. */
export const headerKey = (header: string): string =>
  header
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, '_')
    .replace(/^_+|_+$/g, '');

type Take = (row: ImportRow, value: string) => void;

const separator = /\s*(?:->|>|\/(?=\s)|\|)\s*/;

/** "Kitchen -> Coffee Machines"; several paths of one cell stand apart by semicolons. */
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
    return (row, value) =>
      void (row.status ??= /^(?:true|yes|1)$/i.test(value) ? 'active' : 'draft');
  }
  return (row, value) => void Object.assign(row, { [field]: value });
};

/** Options need two columns: the name of the first is kept until its value comes. */
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

/** What a column's values become, or undefined for a column that says nothing to us. */
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

/** Names of options that had no value, and options without a name's value, go away. */
const settled = (row: ImportRow): ImportRow => {
  row.options = Object.fromEntries(
    Object.entries(row.options).filter(([name]) => !name.startsWith('\0')),
  );
  return row;
};

/** Reads records of a file with this header. */
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

/** A header names at least what a product is called, and what it costs or how it is told apart. */
export const isHeader = (header: string[]): boolean => {
  const keys = header.map(headerKey);
  const has = (field: string): boolean => keys.some((key) => FIELDS[field]?.includes(key));
  return (has('name') || has('slug') || has('sku')) && (has('price') || has('name'));
};

/** Shopify's second option and later rows repeat no option names: they are those of the handle. */
export const withOptionNames = (row: ImportRow, names: string[]): ImportRow => {
  const options = Object.entries(row.options).map(([name, value]) => {
    const place = /^Option (\d)$/.exec(name)?.[1];
    return [place ? (names[Number(place) - 1] ?? name) : name, value];
  });
  return { ...row, options: Object.fromEntries(options) as Record<string, string> };
};
