// Runs Bun's test runner over files, and reads its report.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { TEST_LIMIT } from '../check.ts';
import { ROOT } from '../instance.ts';
import { reportOf, type Report } from './report.ts';

const readReport = (outfile: string, code: number): Report => {
  const report = reportOf(existsSync(outfile) ? readFileSync(outfile, 'utf8') : '');
  // A crash of the runner or a failing hook fails no single test, and still must not pass.
  if (code !== 0 && report.failures.length === 0) {
    report.failures.push({ name: `bun test ended with ${code}`, text: 'see its output above' });
  }
  return report;
};

/** Runs `bun test` with these words; its output is passed through. */
export const runTests = async (
  words: string[],
  env: Record<string, string> = {},
): Promise<Report> => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-test-'));
  const outfile = resolve(folder, 'junit.xml');
  const reporter = ['--reporter=junit', `--reporter-outfile=${outfile}`];
  const child = Bun.spawn([process.execPath, 'test', ...TEST_LIMIT, ...reporter, ...words], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await child.exited;
  try {
    return readReport(outfile, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
