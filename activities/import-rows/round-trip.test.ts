// Writes random catalogues in every format, with writers of its own, and reads them back.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { importInto, newShelf, productsOf } from './memory-store.ts';

interface Ware {
  handle: string;
  name: string;
  description: string;
  isShown: boolean;
  variants: { sku: string; size: string; cents: number; stock: number }[];
}

/** Letters of several scripts, and every sign that some format gives a meaning. */
const SIGNS = [
  'a',
  'Z',
  '0',
  '9',
  'é',
  'ß',
  'Ł',
  'я',
  'Φ',
  'コ',
  '豆',
  '🙂',
  '-',
  '+',
  '#',
  '/',
].concat([' ', ',', ';', '"', "'", '\t', '\n', '|', '>', '\\']);

/** Printable text without blanks at its ends; the writers quote whatever a format needs. */
const text = (lengthMax: number) =>
  fc
    .string({
      unit: fc.constantFrom(...SIGNS),
      minLength: 1,
      maxLength: lengthMax,
    })
    .map((one) => one.trim())
    .filter((one) => one !== '' && !/^['=]/.test(one));

const sku = text(12).filter((one) => !/[\t\n]/.test(one));
const variant = fc.record({
  sku,
  size: text(8),
  cents: fc.integer({ min: 1, max: 9_999_999 }),
  stock: fc.integer({ min: 0, max: 1_000 }),
});
const ware = fc.record({
  handle: text(12),
  name: text(12),
  description: text(20),
  isShown: fc.boolean(),
  variants: fc.uniqueArray(variant, { minLength: 1, maxLength: 4, selector: ({ size }) => size }),
});
const catalogue = fc
  .uniqueArray(ware, { minLength: 1, maxLength: 6, selector: ({ handle }) => handle })
  .filter((list) => {
    const skus = list.flatMap(({ variants }) => variants.map((one) => one.sku));
    return new Set(skus).size === skus.length;
  });

const priceOf = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

const table = (rows: (string | number)[][], delimiter = ','): string =>
  rows
    .map((row) => row.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(delimiter))
    .join('\r\n');

const byVariant = (list: Ware[], row: (one: Ware, at: number) => (string | number)[]) =>
  list.flatMap((one) => one.variants.map((_, at) => row(one, at)));

const WRITERS: Record<string, (list: Ware[]) => string> = {
  holdfast: (list) =>
    table([
      'slug,name,description,status,sku,option1_name,option1_value,price,inventory'.split(','),
      ...byVariant(list, (one, at) => {
        const { sku: own = '', size = '', cents = 0, stock = 0 } = one.variants[at] ?? {};
        const status = one.isShown ? 'published' : 'draft';
        const { handle, name, description } = one;
        return [handle, name, description, status, own, 'Size', size, priceOf(cents), stock];
      }),
    ]),
  shopify: (list) =>
    table([
      (
        'Handle,Title,Body (HTML),Published,Option1 Name,Option1 Value,Variant SKU,' +
        'Variant Price,Variant Inventory Qty,Status'
      ).split(','),
      ...byVariant(list, (one, at) => {
        const { sku: own = '', size = '', cents = 0, stock = 0 } = one.variants[at] ?? {};
        const first = [one.name, one.description, String(one.isShown), 'Size'];
        const about = at === 0 ? first : ['', '', '', ''];
        const status = at === 0 ? 'active' : '';
        return [one.handle, ...about, size, own, priceOf(cents), stock, status];
      }),
    ]),
  woocommerce: (list) =>
    table([
      (
        'ID,Type,SKU,Name,Published,Description,Stock,Regular price,Parent,' +
        'Attribute 1 name,Attribute 1 value(s)'
      ).split(','),
      // As WooCommerce does, all products come before all variations.
      ...list.map(({ handle, name, description, isShown }) => {
        const published = isShown ? 1 : 0;
        return [handle, 'variable', '', name, published, description, '', '', '', 'Size', ''];
      }),
      ...byVariant(list, (one, at) => {
        const { sku: own = '', size = '', cents = 0, stock = 0 } = one.variants[at] ?? {};
        const parent = `id:${one.handle}`;
        const escaped = size.replaceAll(',', '\\,');
        const price = priceOf(cents);
        return ['', 'variation', own, one.name, 1, '', stock, price, parent, 'Size', escaped];
      }),
    ]),
  google: (list) =>
    table(
      [
        'id,title,description,availability,price,item_group_id,size'.split(','),
        ...byVariant(list, (one, at) => {
          const { sku: own = '', size = '', cents = 0 } = one.variants[at] ?? {};
          const price = `${priceOf(cents)} USD`;
          return [own, one.name, one.description, 'in stock', price, one.handle, size];
        }),
      ],
      '\t',
    ),
  json: (list) =>
    JSON.stringify(
      list.map(({ handle, name, description, isShown, variants }) => ({
        handle,
        name,
        description,
        hidden: !isShown,
        variants: variants.map(({ sku: own, size, cents, stock }) => ({
          sku: own,
          options: { Size: size },
          price: cents / 100,
          stock,
        })),
      })),
    ),
};

describe('a random catalogue', () => {
  test.each(Object.keys(WRITERS))('written as %s is read back equal, twice', async (format) => {
    const write = WRITERS[format];
    const hasStock = format !== 'google';
    await fc.assert(
      fc.asyncProperty(catalogue, async (list) => {
        const file = write?.(list) ?? '';
        const shelf = newShelf();
        const { survey, stock, results } = await importInto(shelf, file);
        expect(results.filter(({ status }) => status === 'failed')).toEqual([]);
        expect(survey.reading.format).toBe(format as typeof survey.reading.format);
        const read = productsOf(shelf).map(({ name, description, status, variants }) => ({
          name,
          description,
          isShown: status === 'published',
          variants: variants.map(({ sku: own, options, priceMinor }) => ({
            sku: own,
            size: Object.values(options).join(),
            cents: priceMinor,
            stock: hasStock ? stock.get(own) : 0,
          })),
        }));
        const wanted = list.map(({ handle: _, ...one }) => ({
          ...one,
          isShown: one.isShown || format === 'google',
          variants: one.variants.map((own) => (hasStock ? own : { ...own, stock: 0 })),
        }));
        expect(read).toEqual(wanted);
        const again = await importInto(shelf, file);
        expect(again.results.map(({ status }) => status)).not.toContain('succeeded');
        expect(shelf.products.size).toBe(list.length);
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});
