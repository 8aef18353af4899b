// The commands that fill the catalogue: import a file, seed any number of products.
import { command, text, wholeNumber, withDefault } from '../arguments.ts';
import { publicEnvironment } from '../environment.ts';
import { say } from '../output.ts';
import type { Shop } from '../sample/load.ts';
import { instanceOf, onTests } from './on-tests.ts';

const PRODUCTS_MAX = 2_000_000;
const PRODUCTS_DEFAULT = 1_000;
const SEED_MAX = 2 ** 31;

const shopOf = async (values: { test: boolean }): Promise<Shop> => {
  const env = await publicEnvironment(instanceOf(values));
  return { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
};

const importCommand = command({
  name: 'import',
  summary: "a catalogue's CSV or JSON",
  about:
    'Uploads a file of products and follows the import to its end. Rows that fail are ' +
    'shown; the others are in.',
  example: 'import catalogue.json --map name:Name,price:Price',
  positionals: ['FILE'],
  options: {
    format: text('F', 'auto, holdfast, shopify, spree or json; found by its columns without it'),
    map: text('FIELD:COLUMN,…', 'which column has which field'),
    ...onTests,
  },
  run: async ({ format, map, test }, [path = '']) => {
    const { importFile } = await import('./import-file.ts');
    return importFile(await shopOf({ test }), path, { format, map }, say);
  },
});

const seedCommand = command({
  name: 'seed',
  summary: 'a plausible catalogue, the same each time',
  about: 'Imports made-up products. The same numbers make the same products, and change nothing.',
  example: 'seed --products 10000 --seed 1',
  options: {
    products: withDefault(wholeNumber('N', 'products', [1, PRODUCTS_MAX]), PRODUCTS_DEFAULT),
    seed: withDefault(wholeNumber('S', 'other numbers make other products', [0, SEED_MAX]), 1),
    ...onTests,
  },
  run: async ({ products, seed: number, test }) => {
    const { seed } = await import('./seed.ts');
    await seed(await shopOf({ test }), { products, seed: number }, say);
  },
});

export const CATALOGUE = [importCommand, seedCommand];
