// The commands that test and measure: test, lint, dev, audit, drill, bench.
import { resolve } from 'node:path';
import { command, flag, UsageError, wholeNumber, withDefault } from '../arguments.ts';
import { ROOT } from '../instance.ts';
import { print, report } from '../output.ts';

const SEED_MAX = 2 ** 31;
const MANY = 10_000_000;

const test = command({
  name: 'test',
  summary: "the checks and every test, on the tests' instance",
  about:
    'Runs the checks of lint, then the tests on a separate instance, which is stopped ' +
    'afterwards. With --all it runs whole drills, planted bugs and large imports, too; with ' +
    'files only those tests. Other options are those of `bun test`.',
  example: 'test ./test/contracts/alerts.shop.test.ts -t "an alert"',
  positionals: ['[--all]', '[FILE…]'],
  isPassedOn: true,
  run: async (_, words) => (await import('../tests/test.ts')).test(words),
});

const lint = command({
  name: 'lint',
  summary: 'format, lint, types, contracts, dead code and unit tests; no servers',
  about: 'Runs every check of the sources that needs no server, and the tests beside the sources.',
  example: 'lint',
  run: async () => (await import('../check.ts')).lint(),
});

const dev = command({
  name: 'dev',
  summary: 'run a command with the pinned Bun and the installed packages on the PATH',
  about:
    'Runs WORDS in the folder of the sources, with the pinned Bun and node_modules/.bin ' +
    'first on the PATH, for machines without Bun. Signals and the exit code are those of ' +
    'the command.',
  example: 'dev bun test ./ops/main.test.ts',
  positionals: ['WORD…'],
  isPassedOn: true,
  // The script ./holdfast runs it itself, so that no process of this program stays between.
  run: () => {
    throw new UsageError('dev is run by the script ./holdfast');
  },
});

const audit = command({
  name: 'audit',
  summary: "the known attacks, OWASP's rules, schemathesis",
  about:
    'Runs the attacks of docs/security.md again. ' +
    "Checks both OpenAPI documents against OWASP's rules, and calls the APIs of the tests' " +
    'instance with schemathesis. Without names it runs every audit.',
  example: 'audit owasp-shop',
  positionals: ['[NAME…]'],
  run: async (_, names) => {
    const failed = await (await import('../audits/audit.ts')).audit(names, print, report);
    return failed > 0 ? 1 : 0;
  },
});

const drill = command({
  name: 'drill',
  summary: 'run orders and catalogue writes under faults and check the promises',
  about:
    "Runs a seeded workload on the tests' instance, causes a fault during it, waits " +
    'until no order is open, and checks every promise. Without names it runs every fault. ' +
    '`drill overload` offers twice the capacity of the gateway and measures the ' +
    'remaining goodput.',
  example: 'drill worker-killed --seed 7 --count 100',
  positionals: ['[FAULT…]'],
  options: {
    seed: withDefault(wholeNumber('N', 'seed of the workload', [0, SEED_MAX]), 1),
    count: wholeNumber('N', 'orders (default 300), or writes of products (2000)', [1, MANY]),
    abandoned: flag('includes orders that are never paid; takes their payment window longer'),
    planted: flag('plant known bugs, and fail when one is not detected'),
  },
  run: async (values, faults) => (await import('./drill.ts')).drill(faults, values),
});

const bench = command({
  name: 'bench',
  summary: 'measure each path as a ratio to its raw baseline',
  about:
    "Measures paths on the tests' instance against a raw baseline in the same run, and " +
    'keeps the figures as JSON. Without names it measures all but the large ones.',
  example: 'bench search-page --rounds 3',
  positionals: ['[PATH…]'],
  options: {
    rounds: wholeNumber('N', 'rounds per path', [1, MANY]),
    products: wholeNumber('N', 'products of the catalogue, or messages of the backlog', [1, MANY]),
    idle: wholeNumber('N', 'waiting orders during order-rate', [0, MANY]),
    large: flag('includes the paths that take an hour to seed'),
  },
  // A program of its own: the measurements stand above the commands and use them.
  run: async (values, paths) => {
    const program = resolve(ROOT, 'bench', 'main.ts');
    const given = JSON.stringify({ paths, ...values });
    const child = Bun.spawn([process.execPath, program, given], {
      stdio: ['inherit', 'inherit', 'inherit'],
    });
    return child.exited;
  },
});

export const MEASURE = [test, lint, dev, audit, drill, bench];
