// The test command: runs the checks, then every test on the tests' instance, then prints the sums.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { check, TEST_LIMIT } from './check.ts';
import { takeDown } from './down.ts';
import { ROOT, testInstance } from './instance.ts';

interface Sums {
  passed: number;
  failed: number;
  skipped: string[];
}

const ENTITIES: Record<string, string> = { gt: '>', lt: '<', amp: '&', quot: '"', apos: "'" };
const unescaped = (text: string): string =>
  text.replaceAll(/&(\w+);/g, (all, name: string) => ENTITIES[name] ?? all);

const attribute = (tag: string, name: string): string =>
  unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '');

/** A test's name for a reader: file, suite and test. */
const nameOf = (tag: string): string =>
  ['file', 'classname', 'name']
    .map((name) => attribute(tag, name))
    .filter((name) => name !== '')
    .join(' › ');

/** Reads Bun's JUnit report: failed and skipped tests by name. */
const sumsOf = (report: string): Sums => {
  const sums: Sums = { passed: 0, failed: 0, skipped: [] };
  for (const [, tag = '', body = ''] of report.matchAll(
    /<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
  )) {
    if (body.includes('<skipped')) sums.skipped.push(nameOf(tag));
    else if (body.includes('<failure') || body.includes('<error')) sums.failed++;
    else sums.passed++;
  }
  return sums;
};

/** Runs `bun test` on the files (all when there are none); its output is passed through. */
const runTests = async (files: string[]): Promise<Sums> => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-test-'));
  const outfile = resolve(folder, 'junit.xml');
  const reporter = ['--reporter=junit', `--reporter-outfile=${outfile}`];
  const child = Bun.spawn([process.execPath, 'test', ...TEST_LIMIT, ...reporter, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await child.exited;
  try {
    // A crash of the runner leaves no report, which counts as a failure.
    const sums = sumsOf(existsSync(outfile) ? readFileSync(outfile, 'utf8') : '');
    // A crash or a failing hook fails no single test, and still must not pass.
    return code !== 0 && sums.failed === 0 ? { ...sums, failed: 1 } : sums;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Returns the exit code; the last line printed is `N passed, N failed, N skipped`. */
export const test = async (files: string[]): Promise<number> => {
  const checks = files.length === 0 ? await check() : { passed: 0, failed: 0 };
  const sums = await runTests(files);
  const left = await takeDown(testInstance()).then(
    () => '',
    (error: unknown) => String(error),
  );
  if (left) console.log(`FAILED to stop the tests' instance: ${left}`);
  for (const name of sums.skipped) console.log(`skipped: ${name}`);
  const passed = checks.passed + sums.passed;
  const failed = checks.failed + sums.failed + (left ? 1 : 0);
  console.log(`${passed} passed, ${failed} failed, ${sums.skipped.length} skipped`);
  return failed > 0 ? 1 : 0;
};
