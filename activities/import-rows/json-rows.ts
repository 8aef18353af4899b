// Turns the elements of a JSON array into rows, by a mapping or by the names of the columns.
import type { ImportCategory, ImportRow } from '../../domain/catalogue/imports.ts';
import { nameKeyOf } from '../../domain/product.ts';
import { emptyRow, headerKey, pathsOf, takerOf } from './columns.ts';

type Element = Record<string, unknown>;

const isElement = (value: unknown): value is Element =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The texts of a value: a list has several, an object none. */
const textsOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value === 'string') return [value.trim()];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  if (isElement(value)) return textsOf(value['name'] ?? value['url'] ?? value['src']);
  return [];
};

const valueAt = (element: Element, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, key) => (isElement(value) ? value[key] : undefined), element);

/**
 * The fields that a mapping may name: ours, `attributes.<name>` and `options.<name>`. Returns false
 * for a value of no field.
 */
const put = (row: ImportRow, target: string, value: unknown): boolean => {
  const [text, ...more] = textsOf(value);
  if (text === undefined || text === '') return true;
  const [kind, name = ''] = target.split(/\.(.*)/s);
  if (kind === 'attributes' && name) row.attributes[name] = [text, ...more].join(', ');
  else if (kind === 'options' && name) row.options[name] = text;
  else if (kind === 'collections' || kind === 'categories') {
    for (const one of [text, ...more]) row.categories.push(...pathsOf(one));
  } else {
    const take = takerOf(target);
    if (!take) return false;
    for (const one of [text, ...more]) take(row, one);
    // A number has a point, whatever sign the file's texts have.
    if (typeof value === 'number' && row.price === text) row.price = value;
    if (typeof value === 'number' && row.compareAt === text) row.compareAt = value;
  }
  return true;
};

const NESTED = ['variants', 'options', 'attributes'];

const putMap = (row: ImportRow, target: 'options' | 'attributes', value: unknown): void => {
  if (!isElement(value)) return;
  for (const [name, text] of Object.entries(value)) put(row, `${target}.${name}`, text);
};

/** How a file's elements are read, and who is to know of values that no field takes. */
export interface JsonReading {
  mapping: Record<string, string>;
  onUnknown: (column: string) => void;
}

const rowOf = (element: Element, { mapping, onUnknown }: JsonReading, number: number) => {
  const row = emptyRow(number);
  const mapped = new Set(Object.values(mapping));
  for (const [key, value] of Object.entries(element)) {
    if (mapped.has(key) || NESTED.includes(headerKey(key))) continue;
    if (!put(row, key, value)) onUnknown(key);
  }
  putMap(row, 'options', element['options']);
  putMap(row, 'attributes', element['attributes']);
  for (const [target, path] of Object.entries(mapping)) {
    // Mapped fields are read first: a column with a known name by coincidence must not add to them.
    if (target === 'collections' || target === 'categories') row.categories = [];
    put(row, target, valueAt(element, path));
  }
  return row;
};

/** One row for each variant, or one for the element; all have the element's number. */
export const jsonRows = (element: Element, reading: JsonReading, number: number): ImportRow[] => {
  const row = rowOf(element, reading, number);
  const variants = element['variants'];
  if (!Array.isArray(variants) || variants.length === 0) return [row];
  const isStockShared = row.stock !== undefined && variants.length > 1;
  if (isStockShared) row.notes.push('stock was left out: it is not given for each variant');
  return variants.filter(isElement).map((variant): ImportRow => {
    const own = rowOf(variant, { ...reading, mapping: {} }, number);
    // What else a variant has, such as a status, does not speak for the product.
    const { sku, price, compareAt, currency, options, title = own.name } = own;
    return {
      ...row,
      title,
      options,
      isMaster: false,
      sku: sku ?? row.sku,
      price: price ?? row.price,
      compareAt: compareAt ?? row.compareAt,
      currency: currency ?? row.currency,
      stock: own.stock ?? (isStockShared ? undefined : row.stock),
    };
  });
};

const childrenOf = (element: Element): Element[] => {
  const list = ['subCategories', 'subcategories', 'children'].map((key) => element[key]);
  return list.flatMap((one) => (Array.isArray(one) ? one.filter(isElement) : []));
};

/** A node of a category tree has children or a path, and no price. */
export const isCategory = (element: Element): boolean =>
  element['price'] === undefined &&
  typeof element['name'] === 'string' &&
  (childrenOf(element).length > 0 ||
    Array.isArray(element['path']) ||
    Array.isArray(element['subCategories']));

const handleOf = (element: Element): string =>
  textsOf(element['id'] ?? element['handle'] ?? element['slug'])[0] ??
  nameKeyOf(textsOf(element['name'])[0] ?? '');

/** The node, its ancestors by its path, and its descendants, all with one row number. */
export const categoriesOf = (element: Element, row: number): ImportCategory[] => {
  const path = (Array.isArray(element['path']) ? element['path'] : []).filter(isElement);
  const own = handleOf(element);
  const above = path.filter((one) => handleOf(one) !== own);
  const nodeOf = (node: Element, parentHandle: string | undefined): ImportCategory => ({
    row,
    handle: handleOf(node),
    name: textsOf(node['name'])[0] ?? '',
    parentHandle,
  });
  const ancestors = above.map((one, at) =>
    nodeOf(one, at > 0 ? handleOf(above[at - 1] ?? {}) : undefined),
  );
  const parent = above.at(-1);
  const beneath = (node: Element, parentHandle: string | undefined): ImportCategory[] => [
    nodeOf(node, parentHandle),
    ...childrenOf(node).flatMap((child) => beneath(child, handleOf(node))),
  ];
  return [...ancestors, ...beneath(element, parent && handleOf(parent))];
};

export const asElement = (value: unknown): Element | undefined =>
  isElement(value) ? value : undefined;
