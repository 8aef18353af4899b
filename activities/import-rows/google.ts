// Reads a product feed of Google Merchant Center, whose items of one group are variants.
// https://support.google.com/merchants/answer/7052112
import type { ImportRow } from '../../domain/catalogue/imports.ts';
import { emptyRow, pathsOf, withoutExcel } from './columns.ts';

/** The attributes that tell the variants of a group apart. */
const OPTIONS = 'color size material pattern age_group gender'.split(' ');
const ATTRIBUTES = 'brand condition gtin mpn'.split(' ');
const FIELDS =
  'id title description price sale_price sale_price_effective_date item_group_id image_link ' +
  'additional_image_link product_type availability';
const TAKEN = new Set(FIELDS.split(' ').concat(OPTIONS, ATTRIBUTES));

export const isTakenOfGoogle = (key: string): boolean => TAKEN.has(key);

export const isGoogle = (keys: string[]): boolean =>
  ['id', 'title', 'price'].every((key) => keys.includes(key)) &&
  ['link', 'image_link', 'availability'].some((key) => keys.includes(key));

type Values = Map<string, string>;

const taken = (values: Values, names: string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = values.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );

const takePrices = (row: ImportRow, values: Values): void => {
  const [price, sale] = [values.get('price'), values.get('sale_price')];
  const isDated = values.has('sale_price_effective_date');
  if (sale !== undefined && isDated) row.notes.push('a sale with dates was left out');
  row.price = sale === undefined || isDated ? price : sale;
  if (row.price !== price) row.compareAt = price;
};

export const googleRow = (values: Values, number: number): ImportRow => {
  const row = emptyRow(number);
  row.isMaster = false;
  const id = values.get('id');
  const group = values.get('item_group_id') ?? id;
  row.keys = group === undefined ? [] : [group];
  row.sku = id === undefined ? undefined : withoutExcel(id);
  row.name = values.get('title');
  row.description = values.get('description');
  row.categories = pathsOf(values.get('product_type') ?? '');
  row.attributes = taken(values, ATTRIBUTES);
  if (values.has('item_group_id')) row.options = taken(values, OPTIONS);
  else Object.assign(row.attributes, taken(values, OPTIONS));
  const more = (values.get('additional_image_link') ?? '').split(',').map((url) => url.trim());
  row.media = [values.get('image_link') ?? '', ...more]
    .filter((url) => url !== '')
    .map((url) => ({ url, alt: '' }));
  // A feed does not count stock; it only says when there is none.
  if (/^out[ _]of[ _]stock$/i.test(values.get('availability') ?? '')) row.stock = '0';
  takePrices(row, values);
  return row;
};
