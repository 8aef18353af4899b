// The test command: runs the checks, then every test on the tests' instance, then prints the sums.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { check, TEST_LIMIT } from '../check.ts';
import { takeDown } from '../down.ts';
import { ROOT, testInstance } from '../instance.ts';
import { reportOf, slowest, type Report } from './report.ts';

/** Runs `bun test` on the files (all when there are none); its output is passed through. */
const runTests = async (files: string[]): Promise<Report> => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-test-'));
  const outfile = resolve(folder, 'junit.xml');
  const reporter = ['--reporter=junit', `--reporter-outfile=${outfile}`];
  const child = Bun.spawn([process.execPath, 'test', ...TEST_LIMIT, ...reporter, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await child.exited;
  try {
    const report = reportOf(existsSync(outfile) ? readFileSync(outfile, 'utf8') : '');
    // A crash of the runner or a failing hook fails no single test, and still must not pass.
    if (code !== 0 && report.failures.length === 0) {
      report.failures.push({ name: `bun test ended with ${code}`, text: 'see its output above' });
    }
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const SLOWEST_COUNT = 10;

/** What the runner has printed long before, again where a reader looks first: at the end. */
const print = (report: Report): void => {
  for (const [file, seconds] of slowest(report, SLOWEST_COUNT)) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
  }
  for (const { name, text } of report.failures) console.log(`FAILED: ${name}\n${text}`);
  for (const name of report.skipped) console.log(`skipped: ${name}`);
};

/** Returns the exit code; the last line printed is `N passed, N failed, N skipped`. */
export const test = async (files: string[]): Promise<number> => {
  const checks = files.length === 0 ? await check() : { passed: 0, failed: 0 };
  const report = await runTests(files);
  const left = await takeDown(testInstance()).then(
    () => '',
    (error: unknown) => String(error),
  );
  print(report);
  if (left) console.log(`FAILED to stop the tests' instance: ${left}`);
  const passed = checks.passed + report.passed;
  const failed = checks.failed + report.failures.length + (left ? 1 : 0);
  console.log(`${passed} passed, ${failed} failed, ${report.skipped.length} skipped`);
  return failed > 0 ? 1 : 0;
};
