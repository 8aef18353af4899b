// The test command: runs the checks, then every test on the tests' instance, then prints the sums.
import { check } from '../check.ts';
import { takeDown } from '../down.ts';
import { testInstance } from '../instance.ts';
import { report as progress } from '../output.ts';
import { CONFORMANCE, goInstall, GRPCURL, STRIPE_MOCK } from '../servers/go.ts';
import { bringUp } from '../up.ts';
import { watchCores, type Busyness } from './cores.ts';
import { AT_ONCE, drillTests, faultTests, gentleTests, pureTests } from './groups.ts';
import { PACE } from './pace.ts';
import { merged, slowest, type Report } from './report.ts';
import { runTests } from './run.ts';

/** How long each file took once: the slowest begin first. A whole run writes it anew. */
const TIMINGS = 'ops/tests/timings.json';
const SLOWEST_COUNT = 10;

/** Programs of other projects that tests use; tests of one that cannot be had are skipped. */
const installTools = async (): Promise<void> => {
  for (const tool of [GRPCURL, STRIPE_MOCK, CONFORMANCE]) {
    await goInstall(tool, progress).catch((error: unknown) => progress(String(error)));
  }
};

/**
 * Tests that need the shop to themselves come first, while little is in it: they mostly wait, and
 * what uses no shop runs beside them. Then come those that share the shop, many at once.
 */
const runAll = async (isWhole: boolean) => {
  Object.assign(process.env, PACE);
  await Promise.all([bringUp(testInstance(), progress), installTools()]);
  const [checks, ...first] = await Promise.all([
    check(),
    runTests(['--only-failures', ...pureTests()]),
    runTests(faultTests()),
  ]);
  const update = isWhole ? ['--update-timings'] : [];
  const gentle = [`--parallel=${AT_ONCE}`, `--timings=${TIMINGS}`, ...update, ...gentleTests()];
  const shared = await runTests(gentle, { HOLDFAST_TESTS_UP: 'yes' });
  const drills = isWhole ? [await runTests(drillTests())] : [];
  return { checks, report: merged([...first, shared, ...drills]) };
};

const NO_CHECKS = { passed: 0, failed: 0 };

const runGiven = async (words: string[]) => ({
  checks: NO_CHECKS,
  report: await runTests(words),
});

/** A run that ended early, as when a server does not start, is a failure with sums like any. */
const notRun = (error: unknown) => {
  const failures = [{ name: 'the run ended early', text: String(error) }];
  return { checks: NO_CHECKS, report: { ...merged([]), failures } };
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** What the runner has printed long before, again where a reader looks first: at the end. */
const print = (report: Report, { all, mean }: Busyness): void => {
  for (const [file, seconds] of slowest(report, SLOWEST_COUNT)) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
  }
  console.log(`all cores were busy ${percent(all)} of the time, ${percent(mean)} of them was used`);
  for (const { name, text } of report.failures) console.log(`FAILED: ${name}\n${text}`);
  for (const name of report.skipped) console.log(`skipped: ${name}`);
};

const ALL = '--all';

/** Returns the exit code; the last line printed is `N passed, N failed, N skipped`. */
export const test = async (words: string[]): Promise<number> => {
  const cores = watchCores();
  const given = words.filter((word) => word !== ALL);
  const { checks, report } = await (
    given.length > 0 ? runGiven(given) : runAll(words.includes(ALL))
  ).catch(notRun);
  const left = await takeDown(testInstance()).then(
    () => '',
    (error: unknown) => String(error),
  );
  print(report, cores.end());
  if (left) console.log(`FAILED to stop the tests' instance: ${left}`);
  const passed = checks.passed + report.passed;
  const failed = checks.failed + report.failures.length + (left ? 1 : 0);
  console.log(`${passed} passed, ${failed} failed, ${report.skipped.length} skipped`);
  return failed > 0 ? 1 : 0;
};
