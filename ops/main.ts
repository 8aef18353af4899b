// The commands of ./holdfast: reads the words, does the work, says what happened.
import { existsSync } from 'node:fs';
import { reset, takeDown } from './down.ts';
import { publicEnvironment } from './environment.ts';
import { shopInstance, testInstance, type Instance } from './instance.ts';
import { isProcessName } from './processes.ts';
import { statusOf } from './status.ts';
import { end, logPath } from './supervise.ts';
import { bringUp, SERVERS, startProcess, startServer } from './up.ts';

const HELP = `Holdfast: a shop that does not lose orders.

  ./holdfast up [--copies N] [--servers-only]   start everything on this machine
  ./holdfast demo [--json]    up, a sample catalogue, and one order followed to delivered
  ./holdfast test [FILES]     the checks and every test, on an instance of their own
  ./holdfast bench [PATH]     measurements, each a ratio to a raw baseline
  ./holdfast status [--json]  what runs, and whether it is well
  ./holdfast env [--json]     addresses and keys for other programs
  ./holdfast logs NAME [-f]   what a server or process has printed
  ./holdfast restart NAME     end one server or process and start it again
  ./holdfast down             end everything that up started
  ./holdfast reset            down, and delete this instance's data
  ./holdfast help

Add --test to up, down, status, env, logs, restart or reset to mean the tests' instance.
HOLDFAST_HOME (.holdfast) and HOLDFAST_PORT_BASE (24000) move an instance elsewhere.
`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const [command = 'help', ...words] = process.argv.slice(2);
const has = (flag: string): boolean => words.includes(flag);
const name = words.find((word) => !word.startsWith('-'));
const instance: Instance = has('--test') ? testInstance() : shopInstance();

const numberAfter = (flag: string): number | undefined => {
  const at = words.indexOf(flag);
  return at < 0 ? undefined : Number(words[at + 1]);
};

const known = (): string => {
  if (name && (isProcessName(name) || SERVERS.some((server) => server.name === name))) return name;
  if (name && existsSync(logPath(instance, name))) return name;
  throw new Error(`say which server or process; ./holdfast status lists them`);
};

const up = async (): Promise<void> => {
  const startedAt = Date.now();
  const copies = numberAfter('--copies') ?? 1;
  await bringUp(instance, say, { copies, serversOnly: has('--servers-only') });
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
  await end(instance, one, one === 'postgres' ? 'SIGINT' : 'SIGTERM');
  const server = SERVERS.find((candidate) => candidate.name === one);
  if (server) await startServer(instance, server, say);
  else if (isProcessName(one)) await startProcess(instance, one, 1, say);
};

const COMMANDS: Record<string, () => unknown> = {
  up,
  status,
  env,
  logs,
  restart,
  down: async () => say(`${await takeDown(instance)} ended`),
  reset: async () => {
    await reset(instance);
    say(`${instance.home} is gone`);
  },
  demo: async () => (await import('./demo.ts')).demo(instance, { json: has('--json') }),
  test: async () => process.exit(await (await import('./test.ts')).test(words)),
  bench: async () => process.exit(await (await import('../bench/main.ts')).bench(words)),
  help: () => print(HELP),
};

try {
  const run = COMMANDS[command.replace(/^-+/, '')];
  if (!run) throw new Error(`unknown command ${command}\n\n${HELP}`);
  await run();
} catch (error) {
  say(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
