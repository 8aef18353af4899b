// Runs the checks that need no server: format, lint, types, contracts, dead code, tidiness.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generate, generatedFiles } from './generate.ts';
import { ROOT } from './instance.ts';
import { runCommand } from './servers/install.ts';
import { pureTests } from './tests/groups.ts';
import { vendorProtos } from './contracts/vendored.ts';

const bin = (name: string): string => resolve(ROOT, 'node_modules', '.bin', name);
const buf = (...words: string[]) =>
  runCommand([bin('buf'), ...words], { cwd: resolve(ROOT, 'proto') });
const run = (...command: string[]) => runCommand(command, { cwd: ROOT });

const textsOf = (files: string[]): Map<string, string> =>
  new Map(files.map((file) => [file, readFileSync(resolve(ROOT, file), 'base64')]));

/** Makes every generated file again; throws with the names of those that were out of date. */
const generatedIsClean = async (): Promise<void> => {
  const before = textsOf(generatedFiles());
  await generate();
  const after = textsOf(generatedFiles());
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  if (changed.length > 0) throw new Error(`now made again, commit them: ${changed.join(', ')}`);
};

type Checks = Record<string, () => Promise<unknown>>;

const CHECKS: Checks = {
  format: () => run(bin('oxfmt'), '--check', '.'),
  lint: () => run(bin('oxlint'), '--type-aware', '--quiet'),
  types: () => run(bin('tsc'), '--noEmit', '-p', '.'),
  proto: () => {
    vendorProtos();
    return buf('lint');
  },
  // The baseline of published contracts; remade (`buf build -o`) only with a release.
  'proto breaking': () => buf('breaking', 'gen/descriptors.binpb', '--against', 'baseline.binpb'),
  generated: generatedIsClean,
  'dead code': () => run(bin('knip'), '--no-progress'),
};

/** Runs every check and prints one line each; returns the numbers of passed and failed checks. */
export const check = async (
  checks: Checks = CHECKS,
): Promise<{ passed: number; failed: number }> => {
  let failed = 0;
  for (const [name, work] of Object.entries(checks)) {
    const startedAt = Date.now();
    try {
      await work();
      console.log(`check ${name}: ok (${Date.now() - startedAt} ms)`);
    } catch (error) {
      failed++;
      console.log(
        `check ${name}: FAILED\n${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { passed: Object.keys(checks).length - failed, failed };
};

/** A hanging test ends after a minute; the test command prints slow tests. */
export const TEST_LIMIT = ['--timeout', '60000'];

/** Runs the checks and the tests that need no server; returns the exit code. */
export const lint = async (): Promise<number> => {
  const unit = () => run(process.execPath, 'test', ...TEST_LIMIT, ...pureTests());
  const { failed } = await check({ ...CHECKS, 'rules and unit tests': unit });
  return failed > 0 ? 1 : 0;
};

if (import.meta.main) process.exit(await lint());
