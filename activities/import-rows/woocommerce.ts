// Reads the product CSV of WooCommerce: variable products, and variations that name their parent.
// https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
import type { ImportRow } from '../../domain/catalogue/imports.ts';
import { emptyRow, pathsOf, withoutExcel } from './columns.ts';

/** The columns that are taken, by their keys. */
const FIELDS =
  'id type sku name published visibility_in_catalog short_description description stock in_stock ' +
  'regular_price sale_price date_sale_price_starts date_sale_price_ends categories tags images ' +
  'parent brands';
const TAKEN = new Set(FIELDS.split(' '));
const ATTRIBUTE = /^attribute_(\d+)_(name|value_s)$/;

export const isTakenOfWoo = (key: string): boolean => TAKEN.has(key) || ATTRIBUTE.test(key);

export const isWoo = (keys: string[]): boolean =>
  ['type', 'regular_price'].every((key) => keys.includes(key));

type Values = Map<string, string>;

/** "One, Two\, three" is two values: WooCommerce escapes commas. */
const listOf = (cell: string): string[] =>
  cell
    .split(/(?<!\\),/)
    .map((one) => one.replaceAll('\\,', ',').trim())
    .filter((one) => one !== '');

const attributesOf = (values: Values): [name: string, value: string][] =>
  [...values.keys()].flatMap((key): [string, string][] => {
    const [, number, part] = ATTRIBUTE.exec(key) ?? [];
    const value = values.get(`attribute_${number}_value_s`);
    const name = values.get(key);
    return part === 'name' && name && value ? [[name, value.replaceAll('\\,', ',')]] : [];
  });

/** A product of which a shopper sees nothing is not for sale here either. */
const isShown = (values: Values): boolean =>
  (values.get('published') ?? '1') === '1' && values.get('visibility_in_catalog') !== 'hidden';

const takePrices = (row: ImportRow, values: Values): void => {
  const [regular, sale] = [values.get('regular_price'), values.get('sale_price')];
  const isDated = values.has('date_sale_price_starts') || values.has('date_sale_price_ends');
  if (sale !== undefined && isDated) row.notes.push('a sale with dates was left out');
  if (sale === undefined || isDated) row.price = regular;
  else {
    row.price = sale;
    row.compareAt = regular;
  }
};

const takeStock = (row: ImportRow, values: Values): void => {
  row.stock = values.get('stock');
  // A product whose stock is not counted says only whether there is any.
  if (row.stock === undefined && values.get('in_stock') === '0') row.stock = '0';
};

const takeProduct = (row: ImportRow, values: Values): void => {
  row.name = values.get('name');
  row.description = values.get('description') ?? values.get('short_description');
  row.isPublished = isShown(values);
  row.categories = listOf(values.get('categories') ?? '').flatMap(pathsOf);
  row.media = listOf(values.get('images') ?? '').map((url) => ({ url, alt: '' }));
  for (const name of ['tags', 'brands']) {
    const value = values.get(name);
    if (value) row.attributes[name === 'brands' ? 'brand' : name] = value;
  }
};

/** Kinds that cannot be bought here. */
const NOT_SOLD: Record<string, string> = {
  grouped: 'a grouped product has no price of its own',
  external: 'an external product is sold elsewhere',
};

/**
 * What a `Parent` cell may call a product: its id, written `id:12`, or its sku. A variation has its
 * parent's.
 */
const keysOf = (values: Values, isVariation: boolean, isVariable: boolean): string[] => {
  const parent = values.get('parent');
  if (isVariation) return parent === undefined ? [] : [parent];
  const id = values.get('id');
  // The sku of a product without variations may move to another one: it is its variant's alone.
  const sku = isVariable ? values.get('sku') : undefined;
  return [id === undefined ? undefined : `id:${id}`, sku].filter((key) => key !== undefined);
};

export const wooRow = (values: Values, number: number): ImportRow => {
  const row = emptyRow(number);
  const kinds = (values.get('type') ?? 'simple').toLowerCase().split(/\s*,\s*/);
  const isVariation = kinds.includes('variation');
  const isVariable = kinds.includes('variable');
  row.isVariation = isVariation;
  row.keys = keysOf(values, isVariation, isVariable);
  row.problem = kinds.map((kind) => NOT_SOLD[kind]).find(Boolean);
  if (isVariation && row.keys.length === 0) row.problem = 'a variation names no parent';
  if (!isVariation) takeProduct(row, values);
  row.isMaster = isVariable;
  if (isVariable) return row;
  const sku = values.get('sku');
  row.sku = sku === undefined ? undefined : withoutExcel(sku);
  takePrices(row, values);
  takeStock(row, values);
  const attributes = Object.fromEntries(attributesOf(values));
  if (isVariation) row.options = attributes;
  else Object.assign(row.attributes, attributes);
  if (isVariation && !isShown(values)) row.problem = 'a variation that its shop hides is left out';
  return row;
};
