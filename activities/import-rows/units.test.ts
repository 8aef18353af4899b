// Tests reading and planning of import files: clean rows are planned, bad rows fail with a reason.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ImportFormat } from '../../domain/catalogue/imports.ts';
import { csvRecords } from './csv.ts';
import { jsonElements } from './json-elements.ts';
import { surveyOf } from './survey.ts';
import { unitsOf, type Unit } from './units.ts';

/**
 * The bytes of a text in pieces of this length, so that every boundary falls inside a token once.
 */
async function* pieces(text: string, length = 7): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const all = async <T>(list: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
};

const read = async (
  text: string,
  mapping: Record<string, string> = {},
  format: ImportFormat = 'auto',
): Promise<Unit[]> => {
  const shape = { format, mapping, settings: {} };
  const { reading } = await surveyOf(pieces(text), shape, []);
  return all(unitsOf(() => pieces(text), shape, reading));
};

const results = (units: Unit[]): unknown[] =>
  units.flatMap(({ planned, problem, last }): unknown[] =>
    problem
      ? [[last, 'failed', problem]]
      : (planned?.results ?? []).map(({ row, status, message }) => [row, status, message ?? '']),
  );
const skus = (units: Unit[]): string[] =>
  units.flatMap(({ planned }) => (planned?.variants ?? []).map(({ variant }) => variant.sku));

describe('CSV', () => {
  const field = fc.string({
    unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '🙂'),
    maxLength: 6,
  });
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

  test('that follows RFC 4180 is read back unchanged, whatever the chunk length', async () => {
    const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (list, length) => {
        const table = [['h1', 'h2'], ...list];
        const text = table.map((row) => row.map(quoted).join(',')).join('\r\n');
        expect(await all(csvRecords(pieces(text, length)))).toEqual(table);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test('with more blanks after a quote than a field may have is refused', async () => {
    const text = (blanks: number): string => `a,b\n"1"${' '.repeat(blanks)},2`;
    expect(await all(csvRecords(pieces(text(200_000), 50_000)))).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(all(csvRecords(pieces(text(200_001), 50_000)))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  const FOUND: [name: string, text: string, records: string[][]][] = [
    [
      'with a BOM',
      '\uFEFFa,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'with mixed line ends',
      'a,b\r\n1,2\r3,4\n5,6\n',
      [
        ['a', 'b'],
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
    ],
    [
      'with unescaped quotes in quotes',
      'a,b\n"say "hi" now",2',
      [
        ['a', 'b'],
        ['say "hi" now', '2'],
      ],
    ],
    [
      'with a quote inside a bare field',
      'a,b\n6" pipe,2',
      [
        ['a', 'b'],
        ['6" pipe', '2'],
      ],
    ],
    [
      'with blank lines',
      'a,b\n\n1,2\n\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'with semicolons',
      'a;b\n1,5;2',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    [
      'with blanks after a closing quote',
      'a ,b ,c\n1,"blue, big"  ,"x"\t\n"2" ,"red, small" ,y',
      [
        ['a ', 'b ', 'c'],
        ['1', 'blue, big', 'x'],
        ['2', 'red, small', 'y'],
      ],
    ],
    [
      'with a quote and a blank inside of quotes',
      'a,b\n"the "A" one" ,2',
      [
        ['a', 'b'],
        ['the "A" one', '2'],
      ],
    ],
    [
      'whose first line names the delimiter',
      'sep=;\r\na;b\r\n1,2,3;4',
      [
        ['a', 'b'],
        ['1,2,3', '4'],
      ],
    ],
    [
      'with line ends in quotes',
      'a,b\n"1\r\n2",3',
      [
        ['a', 'b'],
        ['1\r\n2', '3'],
      ],
    ],
  ];
  test.each(FOUND)('%s is read', async (_, text, records) => {
    for (const length of [1, 3, 1_000]) {
      expect(await all(csvRecords(pieces(text, length)))).toEqual(records);
    }
  });
});

describe('a JSON array', () => {
  test('is read element by element, whatever the chunk length', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue({ maxDepth: 3 })),
        fc.integer({ min: 1, max: 9 }),
        async (list, length) => {
          const texts = await all(jsonElements(pieces(JSON.stringify(list, null, 1), length)));
          expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(
            JSON.parse(JSON.stringify(list)),
          );
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });

  test.each(['{"a":1}', '[1,2', '[1] 2', 'hello'])('%p is refused', async (text) => {
    expect(all(jsonElements(pieces(text)))).rejects.toMatchObject({ code: 'MALFORMED_BODY' });
  });
});

const NO_STOCK = 'stock was left out: it is no whole number of zero or more';

describe('a row of a CSV file', () => {
  const HEADER = 'slug,sku,name,price,currency,inventory,option1_name,option1_value\n';
  const DIRTY: [name: string, rows: string, wanted: unknown[]][] = [
    ['without a price fails', 'a,A1,One,,USD,5,,', [[1, 'failed', 'price is missing']]],
    [
      'with a negative price fails',
      'a,A1,One,-1,USD,5,,',
      [[1, 'failed', 'price is not an amount of zero or more']],
    ],
    [
      'with negative stock is taken without it, and says so',
      'a,A1,One,1,USD,-5,,',
      [[1, 'succeeded', NO_STOCK]],
    ],
    [
      'with half a unit of stock is taken without it, and says so',
      'a,A1,One,1,USD,1.5,,',
      [[1, 'succeeded', NO_STOCK]],
    ],
    [
      'with too many decimals fails',
      'a,A1,One,1.9999,USD,5,,',
      [[1, 'failed', 'price: has more than 2 decimals, which USD does not have']],
    ],
    [
      'with an unknown currency fails',
      'a,A1,One,1,XXX,5,,',
      [[1, 'failed', 'currency is not one that is known']],
    ],
    [
      'with a sku of any printable characters is taken',
      'a,"A 1 #+(ü)",One,1,USD,5,,',
      [[1, 'succeeded', '']],
    ],
    [
      'with a control character in its sku fails',
      'a,A\u00011,One,1,USD,5,,',
      [[1, 'failed', 'sku has characters that cannot be printed']],
    ],
    [
      'with more fields than the header fails',
      'a,A1,One,1,USD,5,,,x',
      [[1, 'failed', 'has 9 fields where the header has 8']],
    ],
    ['with few of its fields fails', 'a,A1', [[1, 'failed', 'has only 2 of 8 fields']]],
    [
      'that repeats a sku at another price fails alone',
      'a,A1,One,1,USD,5,Size,S\na,A1,,2,USD,5,Size,M\na,A2,,2,USD,5,Size,L',
      [
        [1, 'succeeded', ''],
        [2, 'failed', 'sku is given twice'],
        [3, 'succeeded', ''],
      ],
    ],
    [
      'in another currency is skipped',
      'a,A1,One,1,USD,5,,\na,A1,,2,EUR,,,',
      [
        [1, 'succeeded', ''],
        [2, 'skipped', 'a product has one currency: USD'],
      ],
    ],
    [
      'with a broken character fails',
      'a,A1,O\uFFFDne,1,USD,5,,',
      [[1, 'failed', 'is not clean UTF-8 text: name its encoding, such as encoding=windows-1252']],
    ],
    [
      'of a dollar sign and thousands is taken',
      'a,A1,One,"$1,299.90",USD,5,,',
      [[1, 'succeeded', '']],
    ],
  ];
  test.each(DIRTY)('%s', async (_, rows, wanted) => {
    expect(results(await read(HEADER + rows))).toEqual(wanted);
  });

  test('without options above rows that have them is the product, not a variant', async () => {
    const units = await read(
      `${HEADER}a,A,One,0,USD,,,\na,A-S,,5,USD,1,Size,S\na,A-M,,6,USD,1,Size,M`,
    );
    expect(skus(units)).toEqual(['A-S', 'A-M']);
    expect(units[0]?.planned?.variants.map(({ variant }) => variant.options)).toEqual([
      { Size: 'S' },
      { Size: 'M' },
    ]);
  });

  test('whose first variant is refused keeps the name and the other variants', async () => {
    const rows = 'a,A-S,One,,USD,1,Size,S\na,A-M,,6,USD,1,Size,M';
    const units = await read(HEADER + rows);
    expect(results(units)).toEqual([
      [1, 'failed', 'price is missing'],
      [2, 'succeeded', ''],
    ]);
    expect(units[0]?.planned).toMatchObject({ name: 'One', variants: [{ row: 2 }] });
  });

  test.each(['1,2,3\n4,5,6', 'hello', ''])(
    'in a file without a header (%p) is never reached',
    async (text) => {
      expect(read(text)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    },
  );
});

describe("Shopify's CSV", () => {
  test('has variants by handle, images in rows of their own, and HTML in its description', async () => {
    const text = `Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Image Alt Text,Status
shirt,Shirt,"<p>Soft &amp; <b>warm</b></p>",Acme,Apparel > Tops,Tops,"cotton, blue",TRUE,Size,S,Color,Blue,SH-S,10,19.99,25.00,https://x.example/1.jpg,Front,active
shirt,,,,,,,,,M,,Blue,SH-M,0,21.99,,,,
shirt,,,,,,,,,,,,,,,,https://x.example/2.jpg,Back,
mug,Mug,,Acme,,,,false,Title,Default Title,,,,3,7,,,,`;
    const [shirt, mug] = await read(text);
    expect(shirt?.planned).toMatchObject({
      slug: 'shirt',
      name: 'Shirt',
      description: 'Soft & warm',
      attributes: { brand: 'Acme', type: 'Tops', tags: 'cotton, blue' },
      categories: [['Apparel', 'Tops']],
      media: [
        { url: 'https://x.example/1.jpg', alt: 'Front' },
        { url: 'https://x.example/2.jpg', alt: 'Back' },
      ],
    });
    expect(
      shirt?.planned?.variants.map(({ variant, stock }) => [
        variant.sku,
        variant.priceMinor,
        variant.compareAtMinor,
        variant.options,
        stock,
      ]),
    ).toEqual([
      ['SH-S', 1999, 2500, { Size: 'S', Color: 'Blue' }, 10],
      ['SH-M', 2199, undefined, { Size: 'M', Color: 'Blue' }, 0],
    ]);
    expect(mug?.planned).toMatchObject({
      status: 'draft',
      variants: [{ stock: 3, variant: { sku: 'MUG', options: {} } }],
    });
  });
});

describe('a JSON array of products', () => {
  test('is read by its mapping, and by the names of the columns', async () => {
    const list = [
      { Id: 1, Name: 'Pole', Brand: 'Acme', Type: 'Trekking', Price: 69.99, Description: 'Light' },
      { Id: 2, Name: 'Pole', Brand: 'Acme', Type: 'Trekking', Price: 99 },
      'text',
      { Id: 3, Name: 'Free', Price: -1 },
    ];
    const units = await read(JSON.stringify(list), { name: 'Name', price: 'Price' });
    expect(results(units)).toEqual([
      [1, 'succeeded', ''],
      [2, 'succeeded', ''],
      [3, 'failed', 'is not an object'],
      [4, 'failed', 'price is not an amount of zero or more'],
    ]);
    expect(units.map(({ planned }) => planned?.keys)).toEqual([['1'], ['2'], undefined, ['3']]);
    expect(units[0]?.planned?.attributes).toEqual({ brand: 'Acme', type: 'Trekking' });
    const mapped = await read(JSON.stringify(list), { sku: 'Id', collections: 'Type' });
    expect(mapped[1]?.planned).toMatchObject({ keys: [], categories: [['Trekking']] });
  });

  test('may nest its variants, all of one row', async () => {
    const list = [
      {
        name: 'Shirt',
        variants: [
          { sku: 'S1', price: 5, options: { Size: 'S' } },
          { sku: 'S2', price: 6, options: { Size: 'M' }, stock: 4 },
        ],
      },
    ];
    const [unit] = await read(JSON.stringify(list));
    expect(
      unit?.planned?.variants.map(({ row, variant, stock }) => [row, variant.sku, stock]),
    ).toEqual([
      [1, 'S1', undefined],
      [1, 'S2', 4],
    ]);
  });

  test('of a category tree is a list of nodes with their parents', async () => {
    const list = [
      {
        id: 'c2',
        name: 'Skis',
        path: [
          { id: 'c1', name: 'Winter' },
          { id: 'c2', name: 'Skis' },
        ],
        subCategories: [{ id: 'c3', name: 'Alpine' }],
      },
    ];
    const [unit] = await read(JSON.stringify(list));
    expect(unit?.categories).toEqual([
      { row: 1, handle: 'c1', name: 'Winter', parentHandle: undefined },
      { row: 1, handle: 'c2', name: 'Skis', parentHandle: 'c1' },
      { row: 1, handle: 'c3', name: 'Alpine', parentHandle: 'c2' },
    ]);
  });
});

describe('a product that its shop hides', () => {
  const HEADER = 'Handle,Title,Variant SKU,Variant Price,Published,Status\n';
  const ROWS: [published: string, status: string, is: string | undefined][] = [
    ['false', 'active', 'draft'],
    ['FALSE', '', 'draft'],
    ['false', 'archived', 'archived'],
    ['true', 'draft', 'draft'],
    ['true', '', 'published'],
    ['true', 'active', 'published'],
    ['', '', undefined],
  ];
  test.each(ROWS)('Published %p and Status %p is %p', async (published, status, is) => {
    const [unit] = await read(`${HEADER}a,One,A1,10,${published},${status}`);
    expect(unit?.planned?.status).toBe(is as never);
  });
});

describe('a description in HTML', () => {
  test('is as long as its text', async () => {
    const html = `<p style=""font:12px"">${'<span>x</span>'.repeat(1_000)}</p>`.repeat(4);
    const [unit] = await read(`name,price,body_html\nOne,10,"${html}"`);
    expect(results(unit ? [unit] : [])).toEqual([[1, 'succeeded', '']]);
    expect(unit?.planned?.description).toHaveLength(4_003);
  });
});

describe('a file in UTF-16', () => {
  const bytes = (text: string, isLittle: boolean): Uint8Array => {
    const view = new DataView(new ArrayBuffer(2 * text.length));
    for (let at = 0; at < text.length; at++) {
      view.setUint16(2 * at, text.charCodeAt(at), isLittle);
    }
    return new Uint8Array(view.buffer);
  };
  test.each([true, false])('is read, little endian %p', async (isLittle) => {
    const file = bytes('\uFEFFname\tprice\nKaffeemühle\t10\n', isLittle);
    for (const length of [1, 3, 1_000]) {
      const cut = async function* () {
        for (let at = 0; at < file.length; at += length) yield file.subarray(at, at + length);
      };
      const shape = { format: 'auto' as const, mapping: {}, settings: {} };
      const { reading } = await surveyOf(cut(), shape, []);
      expect(reading.encoding).toBe(isLittle ? 'utf-16le' : 'utf-16be');
      const units = await all(unitsOf(cut, shape, reading));
      expect(units.map(({ planned }) => planned?.name)).toEqual(['Kaffeemühle']);
    }
  });
});

test('a CSV file is read by its mapping, and by the names of its other columns', async () => {
  const text = 'Bezeichnung,Preis,sku\nTasse,10,T1';
  const units = await read(text, { name: 'Bezeichnung', price: 'Preis' });
  expect([units[0]?.planned?.name, ...skus(units)]).toEqual(['Tasse', 'T1']);
});
