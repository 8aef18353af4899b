// The commands of ./holdfast: reads the words, does the work, says what happened.
import { existsSync } from 'node:fs';
import { LISTING_BUCKETS_MAX } from '../db/cassandra/schema.ts';
import { reset, takeDown } from './down.ts';
import { publicEnvironment } from './environment.ts';
import { shopInstance, testInstance, type Instance } from './instance.ts';
import { isProcessName, type ProcessName } from './processes.ts';
import { statusOf } from './status.ts';
import { end, locked, logPath } from './supervise.ts';
import { bringUp, SERVERS, startProcess, startServer } from './up.ts';

const HELP = `Holdfast: a shop that does not lose orders.

  ./holdfast up [--copies N] [--servers-only]   start everything on this machine
  ./holdfast demo [--json]    up, a sample catalogue, and one order followed to delivered
  ./holdfast test [FILES]     the checks and every test, on an instance of their own
  ./holdfast audit [NAMES]    judges from outside: OWASP's rules, schemathesis
  ./holdfast drill [FAULT] [--seed N] [--count N] [--abandoned] [--planted]
                              orders and the catalogue under faults, every promise checked
  ./holdfast drill overload   twice what the gateway can do, and how much still gets done
  ./holdfast bench [PATH] [--rounds N] [--products N] [--large]   ratios to raw baselines
  ./holdfast orders WORDS     what is stuck, and how to mend it: ./holdfast orders help
  ./holdfast keys WORDS       a store's API keys: ./holdfast keys help
  ./holdfast staff WORDS      who works for a store: ./holdfast staff help
  ./holdfast operators WORDS  who works for the house: ./holdfast operators help
  ./holdfast rotate-keys      new signing keys for the services, without a failed call
  ./holdfast import FILE [--format F] [--map FIELD:COLUMN,…]   a catalogue's CSV or JSON
  ./holdfast seed --products N --seed S   a plausible catalogue, the same each time
  ./holdfast rebuild stock    fill Redis from the ledger, whatever it has
  ./holdfast rebuild orders   make the order read model again from its topic, and compare it
  ./holdfast rebuild search [--buckets N]   fill fresh search tables, compare them, switch to them
  ./holdfast check stock|search       compare Redis with the ledger, Cassandra with Postgres
  ./holdfast dead-letters list|replay what could not be projected, and send it once more
  ./holdfast status [--json]  what runs, and whether it is well
  ./holdfast env [--json]     addresses and keys for other programs
  ./holdfast logs NAME [-f]   what a server or process has printed
  ./holdfast restart NAME     end one server or process and start it again
  ./holdfast down             end everything that up started
  ./holdfast reset            down, and delete this instance's data
  ./holdfast help

bun test FILE starts the tests' instance too and leaves it running: ./holdfast down --test
Add --test to up, down, status, env, logs, restart or reset to mean the tests' instance.
HOLDFAST_HOME (.holdfast) and HOLDFAST_PORT_BASE (24000) move an instance elsewhere.
`;

const TEST = '--test';
/** What each command takes; test and bench hand their words on. */
const FLAGS: Record<string, string[]> = {
  up: ['--copies', '--servers-only', TEST],
  status: ['--json', TEST],
  env: ['--json', TEST],
  logs: ['-f', TEST],
  restart: [TEST],
  down: [TEST],
  reset: [TEST],
  demo: ['--json'],
  import: ['--format', '--map', TEST],
  seed: ['--products', '--seed', TEST],
  rebuild: ['--buckets', TEST],
  check: [TEST],
  audit: [],
  'dead-letters': [TEST],
};
/** Ports of further copies lie 60 apart, and the tests' instance begins 200 further on. */
const COPIES_MAX = 3;

/** The instance that `orders` asks: the shop's, or with --test the tests'. */
const shopOrTests = (): Instance => (process.argv.includes(TEST) ? testInstance() : shopInstance());

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const [command = 'help', ...words] = process.argv.slice(2);
const has = (flag: string): boolean => words.includes(flag);
const name = words.find((word) => !word.startsWith('-'));
const instance: Instance = has(TEST) ? testInstance() : shopInstance();

/** The number that is said after a flag, from 1 to `max`. */
const numberAfter = (flag: string, max: number): number => {
  const said = Number(words[words.indexOf(flag) + 1]);
  if (Number.isInteger(said) && said >= 1 && said <= max) return said;
  throw new Error(`${flag} takes a number from 1 to ${max}`);
};

const known = (): string => {
  if (name && (isProcessName(name) || SERVERS.some((server) => server.name === name))) return name;
  if (name && existsSync(logPath(instance, name))) return name;
  throw new Error(`say which server or process; ./holdfast status lists them`);
};

const up = async (): Promise<void> => {
  const startedAt = Date.now();
  await bringUp(instance, say, {
    copies: has('--copies') ? numberAfter('--copies', COPIES_MAX) : 1,
    serversOnly: has('--servers-only'),
  });
  say(`up after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
};

const status = async (): Promise<void> => {
  const rows = await statusOf(instance);
  if (has('--json')) return print(JSON.stringify(rows));
  for (const { name: one, state, pid, port } of rows) {
    print(`${one.padEnd(16)} ${state.padEnd(10)} ${String(pid ?? '-').padStart(7)}  ${port ?? ''}`);
  }
};

const env = async (): Promise<void> => {
  const values = await publicEnvironment(instance);
  if (has('--json')) return print(JSON.stringify(values));
  for (const [key, value] of Object.entries(values)) print(`${key}=${value}`);
};

const logs = async (): Promise<void> => {
  const follow = has('-f') ? ['-f'] : [];
  const tail = Bun.spawn(['tail', '-n', '200', ...follow, logPath(instance, known())], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await tail.exited;
};

const restart = async (): Promise<void> => {
  const one = known();
  const server = SERVERS.find((candidate) => candidate.name === one);
  const [, base = one, copy = '1'] = /^(.+)-(\d)$/.exec(one) ?? [];
  if (!server && !isProcessName(base)) throw new Error(`${one} is not something that runs`);
  await locked(instance, say, async () => {
    await end(instance, one, one === 'postgres' ? 'SIGINT' : 'SIGTERM');
    if (server) await startServer(instance, server, say);
    else await startProcess(instance, base as ProcessName, Number(copy), say);
  });
};

/** What can be made again from the truth, and compared with it. */
const rebuild = async (): Promise<void> => {
  if (name === 'stock') {
    return (await import('./commands/stock.ts')).rebuildStockNow(instance, print);
  }
  if (name === 'search') {
    const buckets = has('--buckets') ? numberAfter('--buckets', LISTING_BUCKETS_MAX) : undefined;
    return (await import('./commands/search.ts')).rebuildSearch(instance, print, buckets);
  }
  if (name !== 'orders') throw new Error('rebuild takes: stock, orders, search');
  const differ = await (await import('./commands/rebuild-orders.ts')).rebuildNow(instance, print);
  if (differ > 0) process.exit(1);
};

const check = async (): Promise<void> => {
  if (name !== 'stock' && name !== 'search') throw new Error('check takes: stock or search');
  const differences =
    name === 'search'
      ? await (await import('./commands/search.ts')).checkSearch(instance, print)
      : await (await import('./commands/stock.ts')).checkStock(instance, print);
  if (differences > 0) process.exit(1);
};

const COMMANDS: Record<string, () => unknown> = {
  up,
  status,
  env,
  logs,
  restart,
  down: async () => say(`${await takeDown(instance, say)} ended`),
  reset: async () => {
    await reset(instance, say);
    say(`${instance.home} is gone`);
  },
  demo: async () => (await import('./demo.ts')).demo(instance, { json: has('--json') }),
  test: async () => process.exit(await (await import('./test.ts')).test(words)),
  audit: async () => {
    const { audit } = await import('./audits/audit.ts');
    process.exit((await audit(words, print, say)) > 0 ? 1 : 0);
  },
  orders: async () => (await import('./commands/orders.ts')).orders(shopOrTests(), words),
  keys: async () => (await import('./commands/keys.ts')).storeCommand(shopOrTests(), 'keys', words),
  staff: async () =>
    (await import('./commands/keys.ts')).storeCommand(shopOrTests(), 'staff', words),
  'rotate-keys': async () => {
    const { rotateServiceKeys } = await import('./identity/service-keys.ts');
    for (const kid of rotateServiceKeys(shopOrTests())) print(kid);
  },
  operators: async () =>
    (await import('./commands/operators.ts')).operatorsCommand(shopOrTests(), words),
  drill: async () => process.exit(await (await import('./commands/drill.ts')).drill(words)),
  bench: async () => process.exit(await (await import('../bench/main.ts')).bench(words)),
  import: async () => {
    const { importCommand } = await import('./commands/catalogue.ts');
    process.exit(await importCommand(shopOrTests(), words, say));
  },
  seed: async () =>
    (await import('./commands/catalogue.ts')).seedCommand(shopOrTests(), words, say),
  rebuild,
  check,
  'dead-letters': async () => {
    const { listDeadLetters, replayDeadLetters } = await import('./commands/dead-letters.ts');
    if (name === 'list') await listDeadLetters(instance, print);
    else if (name === 'replay') await replayDeadLetters(instance, print);
    else throw new Error('dead-letters takes: list or replay');
  },
  help: () => print(HELP),
};

try {
  const wanted = command.replace(/^-+/, '');
  const run = Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted] : undefined;
  if (!run) throw new Error(`unknown command ${command}\n\n${HELP}`);
  const flags = FLAGS[wanted];
  const strange = words.find((word) => word.startsWith('-') && flags?.includes(word) === false);
  if (strange) throw new Error(`${wanted} does not take ${strange}\n\n${HELP}`);
  await run();
} catch (error) {
  say(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
