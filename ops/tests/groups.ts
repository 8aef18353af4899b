// The test files in groups: what may run at the same time, and what needs the shop to itself.
import { readdirSync } from 'node:fs';
import { ROOT } from '../instance.ts';

/** Files of the shared shop at the same time: most of a test's time on the shop is waiting. */
export const AT_ONCE = 3;

const OUTSIDE = new Set(['node_modules', 'bench']);

const testFiles = (): string[] => {
  const folders = readdirSync(ROOT, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && !OUTSIDE.has(entry.name),
  );
  return folders
    .flatMap(({ name }) => [...new Bun.Glob(`${name}/**/*.test.ts`).scanSync({ cwd: ROOT })])
    .map((file) => `./${file}`)
    .sort();
};

const needsShop = (file: string): boolean => file.endsWith('.shop.test.ts');
const isIn = (folder: string, file: string): boolean => file.startsWith(`./test/${folder}/`);

/** Tests that start no server; those that need the shop are named `*.shop.test.ts`. */
export const pureTests = (): string[] => testFiles().filter((file) => !needsShop(file));

/** Tests on the shop that leave it as it is: they run at the same time. */
export const gentleTests = (): string[] =>
  testFiles().filter((file) => needsShop(file) && !isIn('faults', file) && !isIn('drills', file));

/** Tests that break or reconfigure the shop: one after another, with nothing beside them. */
export const faultTests = (): string[] =>
  testFiles().filter((file) => needsShop(file) && isIn('faults', file));

/** Whole drills, planted bugs and large imports: only `test --all` runs them. */
export const drillTests = (): string[] =>
  testFiles().filter((file) => needsShop(file) && isIn('drills', file));
