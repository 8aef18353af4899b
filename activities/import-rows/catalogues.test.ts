// Imports files into a store held in memory: what a store has comes in whole, or says why not.
import { describe, expect, test } from 'bun:test';
import type { ImportSettings } from '../../domain/catalogue/import-report.ts';
import { numberFromMinor } from '../../domain/money.ts';
import { importInto, newShelf, productsOf, type Imported, type Shelf } from './memory-store.ts';

const summaryOf = (shelf: Shelf) =>
  productsOf(shelf)
    .map(({ name, variants }) => [
      name,
      ...variants.map((one) => numberFromMinor(one.priceMinor, one.currency)),
    ])
    .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
const messagesOf = ({ results }: Imported) =>
  results.map(({ status, message }) => (message === undefined ? status : `${status}: ${message}`));

const SHOPIFY = 'Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\n';

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

describe('amounts', () => {
  const READ: [
    name: string,
    text: string,
    settings: ImportSettings,
    wanted: (string | number)[][],
  ][] = [
    [
      'a decimal comma',
      'name,price\nA,"12,50"\nB,"1.299,00"',
      {},
      [
        ['A', 12.5],
        ['B', 1299],
      ],
    ],
    [
      'a decimal point',
      'name,price\nA,12.50\nB,"1,299"',
      {},
      [
        ['A', 12.5],
        ['B', 1299],
      ],
    ],
    ['what its uploader says', 'name,price\nA,"1,299"', { decimal: '.' }, [['A', 1299]]],
    [
      'what its uploader says',
      'name,price\nA,"12,345"',
      { decimal: ',', currency: 'KWD' },
      [['A', 12.345]],
    ],
    [
      'thousands by blanks',
      "name,price\nA,1 299.00\nB,1'299.00 €",
      { currency: 'EUR' },
      [
        ['A', 1299],
        ['B', 1299],
      ],
    ],
    [
      'its code',
      'name,price\nA,15.00 EUR\nB,EUR 1.50',
      {},
      [
        ['A', 15],
        ['B', 1.5],
      ],
    ],
    ['three digits in KWD', 'name,price\nA,12.345', { currency: 'KWD' }, [['A', 12.345]]],
  ];
  test.each(READ)('are read with %s', async (_, text, settings, wanted) => {
    const shelf = newShelf();
    await importInto(shelf, text, { settings });
    expect(summaryOf(shelf)).toEqual(wanted);
  });

  const DOUBTFUL: [text: string, settings: ImportSettings][] = [
    ['1,299', {}],
    ['1.299', {}],
    ['12,345', { currency: 'KWD' }],
    ['250.000', { currency: 'JPY' }],
  ];
  test.each(DOUBTFUL)('that may be two are refused: %p %p', async (amount, settings) => {
    const shelf = newShelf();
    const file = `name,price\nA,"${amount}"\nB,5`;
    expect(messagesOf(await importInto(shelf, file, { settings }))).toEqual([
      `failed: price: ${amount} can be read in two ways: import with decimal=. or decimal=,`,
      'succeeded',
    ]);
  });

  test('with both decimal signs refuse the file, which says where', () => {
    const file = 'name,price\nA,"12,50"\nB,13.50';
    expect(importInto(newShelf(), file)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'row 2 has 13.50 and row 1 has 12,50: import with decimal=. or decimal=,',
    });
  });

  test('in another currency than the file says are refused', async () => {
    expect(messagesOf(await importInto(newShelf(), 'name,price\nA,€ 5\nB,£5\nC,$5'))).toEqual([
      'failed: price: € 5 is not in USD: import with currency=',
      'failed: price: £5 is not in USD: import with currency=',
      'succeeded',
    ]);
  });

  test('of stock are read with the same sign, or left out with a word', async () => {
    const german = await importInto(newShelf(), 'name,price,stock\nA,"1,50",1.000');
    expect([...german.stock.values()]).toEqual([1_000]);
    const doubtful = await importInto(newShelf(), 'name,price,stock\nA,1,1.000');
    expect(messagesOf(doubtful)).toEqual([
      'succeeded: stock was left out: it is no whole number of zero or more',
    ]);
  });
});

describe('the currency', () => {
  test.each([
    ['given', 'name,price\nA,5', { currency: 'EUR' }, { code: 'EUR', from: 'given' }],
    ['of a column', 'name,price,currency\nA,5,eur', {}, { code: 'EUR', from: 'file' }],
    ['of a header', 'name,Price (EUR)\nA,5', {}, { code: 'EUR', from: 'file' }],
    ['beside the amounts', 'name,price\nA,5 EUR', {}, { code: 'EUR', from: 'file' }],
    ['of nowhere', 'name,price\nA,5', {}, { code: 'USD', from: 'default' }],
  ] as const)('%s is taken, and the report says so', async (_, text, settings, wanted) => {
    const shelf = newShelf();
    const { survey } = await importInto(shelf, text, { settings });
    expect(survey.reading.currency).toEqual(wanted);
    expect(productsOf(shelf)[0]?.variants[0]?.currency).toBe(wanted.code);
  });

  test('is that of the store, and must be said where the store has several', async () => {
    const shelf = newShelf();
    await importInto(shelf, 'name,price,currency\nA,5,JPY');
    const { survey } = await importInto(shelf, 'name,price\nB,7');
    expect(survey.reading.currency).toEqual({ code: 'JPY', from: 'store' });
    await importInto(shelf, 'name,price,currency\nC,5,EUR');
    expect(importInto(shelf, 'name,price\nD,7')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'the store sells in JPY and EUR: import with currency=',
    });
  });
});

describe('columns that are not taken', () => {
  test('are named, with their values and the column that is probably meant', async () => {
    const file = 'name,price,Inventory Level,Desciption,Colour of the box\nA,5,7,x,\nB,6,8,,red';
    const { survey } = await importInto(newShelf(), file);
    expect(survey.reading.unknownColumns).toEqual([
      { column: 'Inventory Level', values: 2, suggestion: 'inventory' },
      { column: 'Desciption', values: 1, suggestion: 'description' },
      { column: 'Colour of the box', values: 1 },
    ]);
  });

  test('are named for JSON, too', async () => {
    const { survey } = await importInto(newShelf(), '[{"name":"A","price":5,"inventoryLevel":7}]');
    expect(survey.reading.unknownColumns).toEqual([{ column: 'inventoryLevel', values: 1 }]);
  });
});

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

describe("WooCommerce's CSV", () => {
  const HEADER =
    'ID,Type,SKU,Name,Published,Visibility in catalog,Description,In stock?,Stock,Sale price,' +
    'Regular price,Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s)\n';
  const FILE =
    `${HEADER}44,variable,tee,V-Neck Tee,1,visible,<p>Soft</p>,1,,,,Clothing > Tees,https://x.example/t.jpg,,Color,"Blue, Green"\n` +
    '46,simple,logo,Hoodie with Logo,1,visible,,1,5,40,45,Clothing,,,,\n' +
    '47,simple,gone,Hidden Hat,1,hidden,,0,,,18,,,,,\n' +
    '48,external,,WordPress Pennant,1,visible,,1,,,11,,,,,\n' +
    '60,variation,tee-blue,V-Neck Tee - Blue,1,visible,,1,3,,20,,,tee,Color,Blue\n' +
    '61,variation,,V-Neck Tee - Green,1,visible,,0,,,21,,,id:44,Color,Green\n';

  test('has variations wherever they are, sales, hidden products and reasons', async () => {
    const shelf = newShelf();
    const imported = await importInto(shelf, FILE);
    expect(imported.survey.reading).toMatchObject({ format: 'woocommerce', unknownColumns: [] });
    expect(messagesOf(imported)).toEqual([
      'succeeded',
      'succeeded',
      'succeeded',
      'failed: an external product is sold elsewhere',
      'succeeded',
      'succeeded',
    ]);
    const [logo, hat, tee] = productsOf(shelf);
    expect(tee).toMatchObject({
      name: 'V-Neck Tee',
      description: 'Soft',
      status: 'published',
      variants: [
        { sku: 'tee-blue', options: { Color: 'Blue' }, priceMinor: 2_000 },
        { options: { Color: 'Green' }, priceMinor: 2_100 },
      ],
    });
    expect(logo?.variants).toMatchObject([
      { sku: 'logo', priceMinor: 4_000, compareAtMinor: 4_500 },
    ]);
    expect(hat?.status).toBe('draft');
    expect([...imported.stock]).toEqual([
      ['logo', 5],
      ['gone', 0],
      ['tee-blue', 3],
      [tee?.variants[1]?.sku ?? '', 0],
    ]);
    const again = await importInto(shelf, FILE);
    expect(again.results.filter(({ status }) => status === 'succeeded')).toEqual([]);
    expect(shelf.products.size).toBe(3);
  });
});

describe("a feed of Google's", () => {
  test('has variants by group, codes beside its prices, and no stock but none', async () => {
    const header =
      'id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tsale_price\titem_group_id\tcolor\tsize\tbrand\n';
    const rows = [
      'a-s\tShirt\tSoft\thttps://x.example\thttps://x.example/1.jpg\tin stock\t15.00 EUR\t12.00 EUR\tshirt\tBlue\tS\tAcme',
      'a-m\tShirt\tSoft\thttps://x.example\thttps://x.example/1.jpg\tout_of_stock\t15.00 EUR\t\tshirt\tBlue\tM\tAcme',
      'b\tMug\tBig\thttps://x.example\t\tin_stock\t7 EUR\t\t\tRed\t\tAcme',
    ];
    const shelf = newShelf();
    const imported = await importInto(shelf, header + rows.join('\n'));
    expect(imported.survey.reading).toMatchObject({
      format: 'google',
      currency: { code: 'EUR', from: 'file' },
      unknownColumns: [{ column: 'link', values: 3 }],
    });
    const [shirt, mug] = productsOf(shelf);
    expect(shirt?.variants).toMatchObject([
      {
        sku: 'a-s',
        options: { color: 'Blue', size: 'S' },
        priceMinor: 1_200,
        compareAtMinor: 1_500,
      },
      { sku: 'a-m', options: { color: 'Blue', size: 'M' }, priceMinor: 1_500 },
    ]);
    expect(mug).toMatchObject({ attributes: { brand: 'Acme', color: 'Red' } });
    expect([...imported.stock]).toEqual([['a-m', 0]]);
  });
});

describe('what nearly went wrong', () => {
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

describe("another shop's file", () => {
  test.each([
    ['Magento', 'sku,store_view_code,attribute_set_code,product_type,name,price'],
    ['PrestaShop', 'ID;Active (0/1);Name *;Price tax excluded;Quantity'],
    ['PrestaShop', 'Product ID;Image;Name;Reference;Category;Price (tax excl.);Quantity'],
    ['BigCommerce', 'Item Type,Product ID,Product Name,Product Code/SKU,Price'],
    ['Squarespace', 'Product ID [Non Editable],Variant ID [Non Editable],Title,SKU,Price'],
    ['Wix', 'handleId,fieldType,name,description,sku,price'],
  ])('of %s is refused by name', (name, header) => {
    expect(importInto(newShelf(), `${header}\n1,2,3,4,5,6`)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: `this is a file of ${name}, which is not read; export it for Shopify or Google`,
    });
  });
});
