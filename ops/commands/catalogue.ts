// The commands that fill the catalogue: import a file, seed any number of products.
import { publicEnvironment } from '../environment.ts';
import { importFile } from './import-file.ts';
import type { Instance } from '../instance.ts';
import type { Shop } from '../sample/load.ts';
import { seed } from './seed.ts';
import type { Say } from '../servers/server.ts';

const PRODUCTS_MAX = 2_000_000;

const shopOf = async (instance: Instance): Promise<Shop> => {
  const { GATEWAY_URL: gatewayUrl = '', STORE_KEY: storeKey = '' } =
    await publicEnvironment(instance);
  return { gatewayUrl, storeKey };
};

const valueOf = (words: string[], flag: string): string | undefined => {
  const at = words.indexOf(flag);
  return at < 0 ? undefined : words[at + 1];
};

const numberOf = (words: string[], flag: string, fallback: number, max: number): number => {
  const value = Number(valueOf(words, flag) ?? fallback);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`${flag} takes a whole number of at most ${max}`);
};

/** `import FILE [--format F] [--map FIELD:COLUMN,…]`; answers the exit code. */
export const importCommand = async (
  instance: Instance,
  words: string[],
  say: Say,
): Promise<number> => {
  const [path] = words.filter(
    (word, at) => !word.startsWith('-') && !['--format', '--map'].includes(words[at - 1] ?? ''),
  );
  if (!path) throw new Error('say which file: ./holdfast import FILE');
  const asked = { format: valueOf(words, '--format'), map: valueOf(words, '--map') };
  return importFile(await shopOf(instance), path, asked, say);
};

/** `seed --products N --seed S`. */
export const seedCommand = async (instance: Instance, words: string[], say: Say): Promise<void> => {
  const products = numberOf(words, '--products', 1_000, PRODUCTS_MAX);
  await seed(
    await shopOf(instance),
    { products, seed: numberOf(words, '--seed', 1, 2 ** 31) },
    say,
  );
};
