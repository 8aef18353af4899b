// Tests that no row changes a catalogue in silence: files written to break the importer.
import { describe, expect, test } from 'bun:test';
import {
  importInto,
  newShelf,
  productsOf,
  summaryOf,
  messagesOf,
  SHOPIFY,
  type Shelf,
} from './memory-store.ts';

describe('a sku', () => {
  test("is taken as written, without Excel's marks", async () => {
    const skus = ['A 1', '#12', 'a+b (c)', 'Größe-Ü', "'00123", '"=""00124"""'];
    const shelf = newShelf();
    await importInto(
      shelf,
      `sku,name,price\n${skus.map((sku, at) => `${sku},P${at},1`).join('\n')}`,
    );
    expect(productsOf(shelf).map(({ variants }) => variants[0]?.sku)).toEqual([
      'A 1',
      '#12',
      'a+b (c)',
      'Größe-Ü',
      '00123',
      '00124',
    ]);
  });
});

describe('a file of no row that can be taken', () => {
  test("gives the first row's own reason", async () => {
    const file = `${SHOPIFY}a,One,Size,S,A,\na,,,L,B,x`;
    expect(messagesOf(await importInto(newShelf(), file))).toEqual([
      'failed: price is missing',
      'failed: price is not an amount of zero or more',
    ]);
  });
});

describe('in a catalogue', () => {
  const statusOf = (shelf: Shelf) => productsOf(shelf).map(({ status }) => status);

  test('a sku that moves to another product of WooCommerce replaces none', async () => {
    const header = 'ID,Type,SKU,Name,Published,Regular price\n';
    const shelf = newShelf();
    await importInto(shelf, `${header}1,simple,X,Alpha,1,10`);
    const moved = `${header}1,simple,Y,Alpha,1,10\n2,simple,X,Beta,1,20`;
    expect(messagesOf(await importInto(shelf, moved))).toEqual([
      'succeeded',
      'failed: another product has this sku',
    ]);
    expect(productsOf(shelf).map(({ name }) => name)).toEqual(['Alpha']);
    const hidden = newShelf();
    const twice = `${header}1,variable,P,Set,0,\n2,simple,P,Other,1,9\n3,variation,V,Set - V,1,8`;
    await importInto(hidden, twice);
    expect(productsOf(hidden).find(({ name }) => name === 'Other')?.variants).toHaveLength(1);
  });

  test("a product's own status, categories and stock are not its variants'", async () => {
    for (const own of [{ visible: false }, { status: 'draft' }]) {
      const variants = [{ sku: 'a', price: 1, visible: true, status: 'active' }];
      const shelf = newShelf();
      await importInto(shelf, JSON.stringify([{ name: 'A', ...own, variants }]));
      expect(statusOf(shelf)).toEqual(['draft']);
    }
    const two = [
      { sku: 'a', options: { Size: 'S' } },
      { sku: 'b', options: { Size: 'M' } },
    ];
    const list = [{ name: 'A', price: 5, stock: 9, variants: two }];
    const imported = await importInto(newShelf(), JSON.stringify(list));
    expect([...imported.stock]).toEqual([]);
    expect(messagesOf(imported)[0]).toContain('it is not given for each variant');
  });

  test('prices of other markets do not replace the price', async () => {
    const shelf = newShelf();
    const header = 'Handle,Title,Variant SKU,Variant Price,Price / EUR\n';
    const { survey } = await importInto(shelf, `${header}m,Mug,A,10,8`);
    expect(productsOf(shelf)[0]?.variants[0]).toMatchObject({ priceMinor: 1_000, currency: 'USD' });
    expect(survey.reading.unknownColumns.map(({ column }) => column)).toEqual(['Price / EUR']);
    const several = 'name,Price (EUR),Price (USD)\nMug,10,12';
    expect(importInto(newShelf(), several)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'the prices are in EUR and USD: import with map=price:…',
    });
  });

  test('a sku of two rows that differ is refused the second time, and an equal one is not', async () => {
    const shelf = newShelf();
    const file = 'sku,name,price\nA,Kit,10\nA,Kit,10\nA,Bag,12';
    const { results } = await importInto(shelf, file);
    expect(results.map(({ code, status }) => code ?? status)).toEqual([
      'succeeded',
      'UNCHANGED',
      'AMBIGUOUS_PRODUCT',
    ]);
    expect(summaryOf(shelf)).toEqual([['Kit', 10]]);
  });

  test('stock without a price is refused, not left out without a word', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'name,price,stock\nMug,10,1');
    expect(messagesOf(await importInto(shelf, 'name,stock\nMug,5'))).toEqual([
      'failed: price is missing',
    ]);
  });

  test('a list of prices leaves options and titles as they are', async () => {
    const shelf = newShelf();
    await importInto(shelf, `${SHOPIFY}s,Shirt,Size,S,A,10\ns,,,M,B,10`);
    await importInto(shelf, 'sku,price\nA,11\nB,13');
    expect(productsOf(shelf)[0]?.variants).toMatchObject([
      { sku: 'A', options: { Size: 'S' }, title: 'S', priceMinor: 1_100 },
      { sku: 'B', options: { Size: 'M' }, title: 'M', priceMinor: 1_300 },
    ]);
  });

  test.each([
    ['hidden', 'ja', 'draft'],
    ['hidden', 'WAHR', 'draft'],
    ['hidden', 'nein', 'published'],
    ['visible', 'WAHR', 'published'],
    ['published', 'oui', 'published'],
    ['published', 'perhaps', 'draft'],
    ['hidden', 'perhaps', 'draft'],
  ])('%s %p is %s', async (column, value, status) => {
    const shelf = newShelf();
    await importInto(shelf, `name,price,${column}\nMug,10,${value}`);
    expect(statusOf(shelf)).toEqual([status as never]);
  });

  test('a refused row still hides its product, and a word of the runtime is no status', async () => {
    const shelf = newShelf();
    const header = 'slug,name,status,sku,price,tags,option1_name,option1_value\n';
    const tags = 'x'.repeat(501);
    await importInto(shelf, `${header}m,Mug,draft,A,10,${tags},Size,S\nm,Mug,,B,12,,Size,M`);
    expect(statusOf(shelf)).toEqual(['draft']);
    const odd = await importInto(newShelf(), 'name,price,status\nMug,10,constructor');
    expect(messagesOf(odd)).toEqual(['failed: status is not one that is known']);
  });

  test('a mapping of CSV is the only source of its field', async () => {
    for (const text of ['name,Net,price\nMug,10,12', 'name,price,Net\nMug,12,10']) {
      const shelf = newShelf();
      await importInto(shelf, text, { mapping: { price: 'Net' } });
      expect(summaryOf(shelf)).toEqual([['Mug', 10]]);
    }
    const empty = await importInto(newShelf(), 'name,price,Net\nMug,12,', {
      mapping: { price: 'Net' },
    });
    expect(empty.results[0]?.status).toBe('failed');
  });

  test('a variant without options is one, unless it is the first row', async () => {
    const shelf = newShelf();
    const header = 'slug,name,sku,price,option1_name,option1_value\n';
    await importInto(shelf, `${header}s,Shirt,B,12,Size,M\ns,Shirt,A,10,,`);
    expect(productsOf(shelf)[0]?.variants.map(({ sku }) => sku)).toEqual(['B', 'A']);
    const feed = newShelf();
    const google = 'id\ttitle\tprice\titem_group_id\tcolor\tlink\n';
    const link = 'http://l.example';
    await importInto(
      feed,
      `${google}A\tShirt\t10 USD\tG\t\t${link}\nB\tShirt\t12 USD\tG\tred\t${link}`,
    );
    expect(productsOf(feed)[0]?.variants.map(({ sku }) => sku)).toEqual(['A', 'B']);
  });
});
