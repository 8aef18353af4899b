// Maps the columns of Holdfast's, Spree's and Shopify's files, and JSON's fields, to ours.
import type { ImportRow } from '../../domain/catalogue/imports.ts';
import { editsAllowed, editsBetween } from '../../domain/catalogue/spelling.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import { isCurrency, type Currency } from '../../domain/money.ts';

/** Fields that one column holds, and every header of that column. */
const FIELDS: Record<string, string[]> = {
  handle: ['slug', 'handle', 'url_handle'],
  id: ['id', 'external_id', 'externalid', 'product_id'],
  sku: ['sku', 'variant_sku'],
  name: ['name', 'title', 'product_name'],
  description: ['description', 'body_html', 'body'],
  status: ['status'],
  price: ['price', 'variant_price'],
  compareAt: ['compare_at_price', 'compareatprice', 'variant_compare_at_price', 'compare_at'],
  currency: ['currency', 'currency_code', 'variant_currency'],
  title: ['variant_title'],
  stock: [
    'inventory',
    'inventory_count',
    'inventory_quantity',
    'variant_inventory_qty',
    'stock',
    'quantity',
  ],
  shown: ['published', 'published_on_online_store', 'is_published', 'visible', 'is_visible'],
  hidden: ['hidden', 'is_hidden'],
};

/** A price column may name its currency: "Price (VND)", "price_eur". */
const PRICED_IN = /^(.+)_([a-z]{3})$/;

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

export type Take = (row: ImportRow, value: string) => void;

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

const fieldOf = (key: string): string | undefined =>
  Object.keys(FIELDS).find((name) => FIELDS[name]?.includes(key));

/** How spreadsheets in the languages of many shops write TRUE and FALSE, and people yes and no. */
const YES = /^(?:true|yes|y|1|on|x|wahr|ja|vrai|oui|verdadero|s[ií]|vero|sim|verdadeiro)$/i;
const NO = /^(?:false|no|n|0|off|falsch|nein|faux|non|falso|n[aã]o|nee|onwaar)$/i;

/** What is neither hides the product: no shop means to sell what it may have hidden. */
const takeShown = (row: ImportRow, value: string, isShownBy: RegExp, isHiddenBy: RegExp): void => {
  row.isPublished = isShownBy.test(value);
  if (row.isPublished || isHiddenBy.test(value)) return;
  row.notes.push(`hidden: ${value.slice(0, 40)} is neither yes nor no`);
};

/** Excel keeps a sku of digits as a text: '00123 or ="00124". */
export const withoutExcel = (value: string): string =>
  /^="(.*)"$/s.exec(value)?.[1]?.replaceAll('""', '"') ?? value.replace(/^'(?=.)/, '');

/** A product's id here, or the source's own: its handle comes before its id. */
const takeKey = (row: ImportRow, field: string, value: string): void => {
  if (field === 'id' && isId('product', value)) row.id = value;
  else if (field === 'handle') row.keys = [value];
  else row.keys = row.keys.length > 0 ? row.keys : [value];
};

const takeField = (row: ImportRow, field: string, value: string): void => {
  if (field === 'shown') takeShown(row, value, YES, NO);
  else if (field === 'hidden') takeShown(row, value, NO, YES);
  else if (field === 'id' || field === 'handle') takeKey(row, field, withoutExcel(value));
  else Object.assign(row, { [field]: field === 'sku' ? withoutExcel(value) : value });
};

/** The price column's field and currency, where its header names one. */
const pricedIn = (key: string): { field: string; currency: Currency } | undefined => {
  const [, name = '', code = ''] = PRICED_IN.exec(key) ?? [];
  const field = fieldOf(name);
  const currency = code.toUpperCase();
  return (field === 'price' || field === 'compareAt') && isCurrency(currency)
    ? { field, currency }
    : undefined;
};

const fieldTaker = (key: string): Take | undefined => {
  const field = fieldOf(key);
  if (field) return (row, value) => takeField(row, field, value);
  const priced = pricedIn(key);
  if (!priced) return undefined;
  return (row, value) => {
    takeField(row, priced.field, value);
    row.currency ??= priced.currency;
  };
};

/** Whether a column has the values of one of these fields by its own name. */
export const isSameField = (column: string, fields: string[]): boolean => {
  const own = fieldOf(headerKey(column));
  return own !== undefined && fields.some((field) => fieldOf(headerKey(field)) === own);
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

/**
 * The takers of a header's columns. A price column without a currency comes before those that name
 * one, such as the prices of other markets. INVALID_INPUT for prices in several currencies alone.
 */
export const takersOf = (header: string[]): (Take | undefined)[] => {
  const keys = header.map(headerKey);
  const priced = keys.map(pricedIn);
  const isPlain = keys.some((key) => fieldOf(key) === 'price');
  const currencies = new Set(priced.flatMap((one) => one?.currency ?? []));
  if (!isPlain && currencies.size > 1) {
    const named = [...currencies].join(' and ');
    throw new DomainError('INVALID_INPUT', `the prices are in ${named}: import with map=price:…`);
  }
  return header.map((column, at) => (isPlain && priced[at] ? undefined : takerOf(column)));
};

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
  keys: [],
  options: {},
  attributes: {},
  categories: [],
  media: [],
  notes: [],
});

/** Removes names of options without a value, and options without a name. */
const settled = (row: ImportRow): ImportRow => {
  row.options = Object.fromEntries(
    Object.entries(row.options).filter(([name]) => !name.startsWith('\0')),
  );
  return row;
};

/** Takes a record's values by its columns; `onUnknown` is called for each value of no field. */
export const takeColumns = (
  row: ImportRow,
  takers: (Take | undefined)[],
  record: string[],
  onUnknown: (column: number) => void,
): ImportRow => {
  for (const [at, take] of takers.entries()) {
    const value = record[at]?.trim() ?? '';
    if (value === '') continue;
    if (take) take(row, value);
    else onUnknown(at);
  }
  return settled(row);
};

/** The header that is probably meant by an unknown one. */
export const suggestionFor = (header: string): string | undefined => {
  const key = headerKey(header);
  const parts = key.split('_');
  const known = [...Object.values(FIELDS).flat(), ...Object.keys(ATTRIBUTES)];
  const near = known.find((one) => {
    const edits = editsAllowed(key, one);
    return edits > 0 && editsBetween(key, one, edits) <= edits;
  });
  return near ?? known.find((one) => !['id', 'type', 'body'].includes(one) && parts.includes(one));
};

/** A header needs a column for the name, and one for the price, the sku or the handle. */
export const isHeader = (header: string[]): boolean => {
  const keys = header.map(headerKey);
  const has = (field: string): boolean => keys.some((key) => FIELDS[field]?.includes(key));
  const isPriced = has('price') || keys.some((key) => pricedIn(key));
  return (has('name') || has('handle') || has('sku')) && (isPriced || has('name'));
};

/** Shopify repeats no option names after a handle's first row: later rows take that row's names. */
export const withOptionNames = (row: ImportRow, names: string[]): ImportRow => {
  const options = Object.entries(row.options).map(([name, value]) => {
    const place = /^Option (\d)$/.exec(name)?.[1];
    return [place ? (names[Number(place) - 1] ?? name) : name, value];
  });
  return { ...row, options: Object.fromEntries(options) as Record<string, string> };
};
