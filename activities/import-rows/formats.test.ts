// Tests the files of other shops, and what is said of columns that are not taken.
import { describe, expect, test } from 'bun:test';
import { importInto, newShelf, productsOf, messagesOf } from './memory-store.ts';

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
