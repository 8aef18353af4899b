// Generates a catalogue of any size, equal for equal seeds, and imports it.
import { randomOf } from '../random.ts';
import type { Shop } from '../sample/load.ts';
import { followImport, uploadCatalogue } from './import-file.ts';
import type { Report } from '../output.ts';

/** Products per upload: well below the 100 MB limit of a file. */
const PRODUCTS_PER_FILE = 20_000;

const words = (text: string): string[] => text.split(' ');
const BRANDS = words(
  'Northlode Tarnfell Halden Brightwater Corrie Osprey&Sons Larkspur Vindr Sølv',
);
const LINES = words(
  'Alpine Trail Summit Harbour Ridge Storm Drift Ember Fjord Glacier Meadow Quarry',
);
const QUALITIES = words('Light Pro Classic Insulated Waterproof Packable Merino Carbon Heavy Soft');
const COLOURS = words('Black Slate Moss Rust Sand Navy Ochre Ash');
const SIZES = words('XS S M L XL');

interface Kind {
  noun: string;
  category: string;
  priceMinor: [number, number];
  sized: boolean;
}

const kind = (noun: string, category: string, from: number, to: number, sized = false): Kind => ({
  noun,
  category,
  sized,
  priceMinor: [from * 100, to * 100],
});

const KINDS: Kind[] = [
  kind('Jacket', 'Clothing > Jackets', 80, 400, true),
  kind('Trousers', 'Clothing > Trousers', 50, 180, true),
  kind('Boots', 'Footwear > Boots', 90, 320, true),
  kind('Running Shoes', 'Footwear > Shoes', 60, 200, true),
  kind('Tent', 'Camp > Tents', 120, 900),
  kind('Stove', 'Camp > Stoves', 30, 180),
  kind('Backpack', 'Bags > Backpacks', 50, 320),
  kind('Dry Bag', 'Bags > Dry bags', 12, 60),
  kind('Headlamp', 'Lights > Headlamps', 20, 140),
  kind('Trekking Poles', 'Trekking > Poles', 40, 200),
  kind('Helmet', 'Climb > Helmets', 45, 160),
  kind('Rope', 'Climb > Ropes', 90, 280),
];

const choosing = (seed: number) => {
  const next = randomOf(seed);
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const one = <T>(list: readonly T[]): T => list[integer(0, list.length - 1)] as T;
  return { integer, one };
};

const HEADER =
  'slug,sku,name,description,price,currency,brand,type,collection,inventory,' +
  'option1_name,option1_value,option2_name,option2_value\r\n';

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

interface SeedVariant {
  sku: string;
  options: Record<string, string>;
  stock: number;
}

export interface SeedProduct {
  slug: string;
  name: string;
  description: string;
  /** In major units, two decimals. */
  price: string;
  brand: string;
  type: string;
  category: string;
  variants: SeedVariant[];
}

/** Product number `at` of a seed: one colour, in one size or several. */
export const seedProduct = (seed: number, at: number): SeedProduct => {
  const { integer, one } = choosing(Math.imul(seed, 2_654_435_761) + at);
  const [brand, line, quality, made] = [one(BRANDS), one(LINES), one(QUALITIES), one(KINDS)];
  const price = (integer(...made.priceMinor) / 100).toFixed(2);
  const description =
    `The ${line} ${made.noun.toLowerCase()} by ${brand}: ${quality.toLowerCase()}, ` +
    `made for ${one(words('winter rain travel summer mountains rivers'))} and long days.`;
  const colour = one(COLOURS);
  const sizes = made.sized ? SIZES.slice(0, integer(1, SIZES.length)) : [''];
  return {
    slug: `seed-${seed}-${at}`,
    name: `${brand} ${line} ${quality} ${made.noun} ${at}`,
    description,
    price,
    brand,
    type: made.noun,
    category: made.category,
    variants: sizes.map((size) => ({
      sku: `SEED-${seed}-${at}${size ? `-${size}` : ''}`,
      options: { Colour: colour, ...(size && { Size: size }) },
      stock: integer(0, 9) === 0 ? 0 : integer(1, 200),
    })),
  };
};

/** A product's CSV rows, one per variant; the first one has the product's fields. */
const productRows = ({ variants, ...product }: SeedProduct): string =>
  variants
    .map(({ sku, options, stock }, index) =>
      [
        product.slug,
        sku,
        ...(index === 0 ? [quoted(product.name), quoted(product.description)] : ['', '']),
        product.price,
        'USD',
        quoted(product.brand),
        quoted(product.type),
        quoted(product.category),
        String(stock),
        'Colour',
        options['Colour'],
        ...(options['Size'] ? ['Size', options['Size']] : ['', '']),
      ].join(','),
    )
    .join('\r\n');

/** A file of products `from` to `to`, in Holdfast's CSV format. */
export const seedFile = (seed: number, from: number, to: number): string => {
  const rows: string[] = [];
  for (let at = from; at < to; at++) rows.push(productRows(seedProduct(seed, at)));
  return `${HEADER}${rows.join('\r\n')}\r\n`;
};

/** Seeds the shop; repeating it with the same numbers changes nothing. */
export const seed = async (
  shop: Shop,
  { products, seed: number }: { products: number; seed: number },
  report: Report,
): Promise<void> => {
  for (let from = 0; from < products; from += PRODUCTS_PER_FILE) {
    const to = Math.min(from + PRODUCTS_PER_FILE, products);
    const startedAt = Date.now();
    const id = await uploadCatalogue(shop, seedFile(number, from, to), 'text/csv', {});
    const { rows, status } = await followImport(shop, id);
    const seconds = (Date.now() - startedAt) / 1000;
    const pace = Math.round(rows.total / seconds);
    report(`${id}: ${status}, products ${from + 1} to ${to}: ${rows.total} rows, ${pace} a second`);
    if (status !== 'completed') throw new Error(`the import ${id} is ${status}`);
  }
};
