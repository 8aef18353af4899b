// Tests which product a row means, by imports into a store held in memory.
import { describe, expect, test } from 'bun:test';
import {
  importInto,
  newShelf,
  productsOf,
  summaryOf,
  messagesOf,
  SHOPIFY,
} from './memory-store.ts';

describe('which product a row means', () => {
  test('is not a slug: names that differ in a sign alone are two products', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'name,price\nKit+,10');
    await importInto(shelf, 'name,price\nKit-,20');
    expect(summaryOf(shelf)).toEqual([
      ['Kit+', 10],
      ['Kit-', 20],
    ]);
  });

  test('does not depend on its place in the file, in any script', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'name,price,stock\nΦλιτζάνι,10,1\nΠιάτο,20,2');
    const before = productsOf(shelf);
    const again = await importInto(shelf, 'name,price\nΚαράφα,30\nΦλιτζάνι,10\nΠιάτο,20');
    expect(again.results.map(({ code, effect }) => code ?? effect)).toEqual([
      'made',
      'UNCHANGED',
      'UNCHANGED',
    ]);
    expect(productsOf(shelf)).toEqual([...before, expect.objectContaining({ name: 'Καράφα' })]);
  });

  test('is its handle exactly as written, in any script and of any length', async () => {
    const shelf = newShelf();
    const rows = [
      'コーヒー-1,Coffee,Title,Default Title,A,10',
      '紅茶-1,Tea,Title,Default Title,B,18',
    ];
    await importInto(shelf, SHOPIFY + rows.join('\n'));
    expect(summaryOf(shelf)).toEqual([
      ['Coffee', 10],
      ['Tea', 18],
    ]);
    const long = 'a'.repeat(163);
    const alike = newShelf();
    const handles = [long, `${long}-b`, `${'a'.repeat(190)}c`];
    const file = handles.map((handle, at) => `${handle},P${at},Title,Default Title,S${at},1`);
    await importInto(alike, SHOPIFY + file.join('\n'));
    expect(alike.products.size).toBe(3);
    expect(new Set(productsOf(alike).map(({ slug }) => slug)).size).toBe(3);
  });

  test('is the same for all rows of one handle', async () => {
    const shelf = newShelf();
    await importInto(shelf, `${SHOPIFY}コーヒー豆,Beans,Size,S,A,10\nコーヒー豆,,,L,B,18`);
    expect(summaryOf(shelf)).toEqual([['Beans', 10, 18]]);
  });

  test.each([
    ['Красный', 'Синий'],
    ['B', 'B+'],
    ['1/2"', '1-2'],
  ])('has variants of different made skus for %p and %p, and keeps them', async (one, other) => {
    const shelf = newShelf();
    const quoted = [one, other].map((text) => `"${text.replaceAll('"', '""')}"`);
    const file = `${SHOPIFY}shirt,Shirt,Цвет,${quoted[0]},,10\nshirt,,,${quoted[1]},,11`;
    await importInto(shelf, file);
    const [shirt] = productsOf(shelf);
    expect(shirt?.variants.map(({ options, priceMinor }) => [options, priceMinor])).toEqual([
      [{ Цвет: one }, 1_000],
      [{ Цвет: other }, 1_100],
    ]);
    expect(new Set(shirt?.variants.map(({ sku }) => sku)).size).toBe(2);
    const turned = `${SHOPIFY}shirt,Shirt,Цвет,${quoted[1]},,11\nshirt,,,${quoted[0]},,10`;
    const again = await importInto(shelf, turned);
    expect(again.results.map(({ code }) => code)).toEqual(['UNCHANGED', 'UNCHANGED']);
  });

  test('is its id, then its handle, then its sku, then its exact name', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'slug,sku,name,price\nmug,M-1,Mug,10');
    const [mug] = productsOf(shelf);
    const files = [
      `id,name,price\n${mug?.id},Becher,11`,
      'slug,sku,name,price\nmug,M-1,Tasse,12',
      'sku,name,price\nM-1,Cup,13',
      'name,price\nＣＵＰ,14',
    ];
    for (const file of files) await importInto(shelf, file);
    expect(summaryOf(shelf)).toEqual([['ＣＵＰ', 14]]);
    expect(productsOf(shelf)[0]?.variants.map(({ sku }) => sku)).toEqual(['M-1']);
  });

  test('is another one at another source of the same handle', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'slug,sku,name,price\n1,A,One,10', { settings: { source: 'erp' } });
    await importInto(shelf, 'slug,sku,name,price\n1,B,Two,20', { settings: { source: 'pim' } });
    expect(summaryOf(shelf)).toEqual([
      ['One', 10],
      ['Two', 20],
    ]);
  });

  test('cannot be said by two keys in one file', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'slug,sku,name,price\nmug,M-1,Mug,10');
    const [mug] = productsOf(shelf);
    const file = `id,slug,sku,name,price\n${mug?.id},,,Mug,11\n,mug,M-1,Mug,12\n,,M-1,Mug,13`;
    expect(messagesOf(await importInto(shelf, file))).toEqual([
      'succeeded',
      'failed: row 1 means the same product by its id: give each an id',
      'failed: row 1 means the same product by its id: give each an id',
    ]);
    expect(summaryOf(shelf)).toEqual([['Mug', 11]]);
  });

  test('is refused for two rows of one name alone, and for an id of no product', async () => {
    const shelf = newShelf();
    const twice = await importInto(shelf, 'name,price\nMug,10\nMug,12');
    expect(twice.results.map(({ status, code }) => code ?? status)).toEqual([
      'succeeded',
      'AMBIGUOUS_PRODUCT',
    ]);
    const unknown = await importInto(shelf, 'id,name,price\nprd_01unknown,Mug,10');
    expect(unknown.results[0]?.code).toBe('UNKNOWN_PRODUCT');
    expect(summaryOf(shelf)).toEqual([['Mug', 10]]);
  });

  test('with several variants needs a sku or the options', async () => {
    const shelf = newShelf();
    await importInto(shelf, `${SHOPIFY}shirt,Shirt,Size,S,A,10\nshirt,,,L,B,18`);
    const plain = await importInto(shelf, 'name,price\nShirt,12');
    expect(plain.results[0]?.code).toBe('PRICE_AMBIGUOUS');
    expect(summaryOf(shelf)).toEqual([['Shirt', 10, 18]]);
  });
});

describe('a slug', () => {
  test.each([
    ['Trail Shoe, Red', 'trail-shoe-red'],
    ['Crème brûlée', 'creme-brulee'],
    ['Łopata', 'lopata'],
    ['Straße', 'strasse'],
    ['Øre', 'ore'],
  ])('of the name %p is %p', async (name, slug) => {
    const shelf = newShelf();
    await importInto(shelf, `name,price\n"${name}",10`);
    expect(productsOf(shelf)[0]?.slug).toBe(slug);
  });

  test('stays when its product is renamed', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'sku,name,price\nA,Mug,10');
    await importInto(shelf, 'sku,name,price\nA,Cup,10');
    expect(productsOf(shelf).map(({ name, slug }) => [name, slug])).toEqual([['Cup', 'mug']]);
  });
});
