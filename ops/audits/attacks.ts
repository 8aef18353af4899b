// Runs the attacks of docs/security.md again: every test that its tables name.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from '../instance.ts';
import { PACE } from '../tests/pace.ts';
import type { Report as TestReport } from '../tests/report.ts';
import { runTests } from '../tests/run.ts';

const PAGE = resolve(ROOT, 'docs', 'security.md');

export interface Attack {
  file: string;
  /** A part of the test's name, as it is written in the file; empty where all of it is meant. */
  name: string;
}

/** The tests in the page's last column: a file, and a part of a name after `›`. */
export const attacksIn = (page: string): Attack[] =>
  [...page.matchAll(/`([\w./-]+\.test\.ts)`(?: › ([^·|\n]+))?/g)].map(
    ([, file = '', name = '']) => ({ file, name: name.trim() }),
  );

export const attacks = (): Attack[] => attacksIn(readFileSync(PAGE, 'utf8'));

/** Those of the shop start the tests' instance, as any test does. */
export const runAttacks = (): Promise<TestReport> => {
  Object.assign(process.env, PACE);
  return runTests([...new Set(attacks().map(({ file }) => `./${file}`))]);
};
