// The commands that fill the catalogue: import a file, seed any number of products.
import { IMPORT_FORMATS } from '../../domain/catalogue/imports.ts';
import { command, flag, text, wholeNumber, withDefault } from '../arguments.ts';
import { publicEnvironment } from '../environment.ts';
import { report } from '../output.ts';
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
    'Uploads a file of products and follows the import to its end, then says how the file was ' +
    'read and what was made, changed and refused. A dry run changes nothing.',
  example: 'import catalogue.json --map name:Name,price:Price --dry-run',
  positionals: ['FILE'],
  options: {
    format: text('F', `${IMPORT_FORMATS.join(', ')}; by default found by its columns`),
    map: text('FIELD:COLUMN,…', 'maps fields to columns'),
    currency: text('CODE', 'the currency of rows that name none, such as EUR'),
    decimal: text('SIGN', 'the sign before decimals, "." or ","; by default found in the file'),
    encoding: text('E', 'the encoding of a text that is not UTF-8, such as windows-1252'),
    source: text('NAME', "whose ids and handles it has; by default the format's"),
    'dry-run': flag('says what would be done, and does nothing'),
    ...onTests,
  },
  run: async ({ test, 'dry-run': isDryRun, ...input }, [path = '']) => {
    const { importFile } = await import('./import-file.ts');
    return importFile(await shopOf({ test }), path, { ...input, isDryRun }, report);
  },
});

const seedCommand = command({
  name: 'seed',
  summary: 'a generated catalogue, the same for the same numbers',
  about: 'Imports generated products. Repeating it with the same numbers changes nothing.',
  example: 'seed --products 10000 --seed 1',
  options: {
    products: withDefault(wholeNumber('N', 'products', [1, PRODUCTS_MAX]), PRODUCTS_DEFAULT),
    seed: withDefault(wholeNumber('S', 'seed of the generated products', [0, SEED_MAX]), 1),
    ...onTests,
  },
  run: async ({ products, seed: number, test }) => {
    const { seed } = await import('./seed.ts');
    await seed(await shopOf({ test }), { products, seed: number }, report);
  },
});

export const CATALOGUE = [importCommand, seedCommand];
