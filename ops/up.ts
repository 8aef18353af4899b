// Starts an instance: servers concurrently, then the migration, then every process.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { environmentOf, migrateEnvironment } from './environment.ts';
import { promoteLocal } from './promotion.ts';
import { ROOT, type Instance } from './instance.ts';
import { isSandbox, PROCESS_NAMES, specOf, type ProcessName } from './processes.ts';
import { cassandraServer } from './servers/cassandra.ts';
import { runCommand } from './servers/install.ts';
import { kafkaServer } from './servers/kafka.ts';
import { postgresServer } from './servers/postgres.ts';
import { redisServers } from './servers/redis.ts';
import type { Server } from './servers/server.ts';
import type { Report } from './output.ts';
import { temporalServer } from './servers/temporal.ts';
import { end, launch, locked, logPath, portAnswers, runningOf, until } from './supervise.ts';

export const SERVERS: readonly Server[] = [
  cassandraServer,
  kafkaServer,
  postgresServer,
  ...redisServers,
  temporalServer,
];
const PROCESS_START_LIMIT_MS = 120_000;
const PORT_FREE_LIMIT_MS = 5_000;
const LOG_TAIL_BYTES = 2_000;
/** Folders whose files make up a process. */
export const SOURCES = [
  'activities',
  'apis',
  'concurrency',
  'db',
  'domain',
  'patches',
  'processes',
  'proto',
  'sandbox',
  'telemetry',
  'workflows',
];

export interface UpOptions {
  /** The number of each process (not of the sandboxes); default 1. */
  copies?: number;
  serversOnly?: boolean;
}

/** Name of a copy in pid files and logs: `worker`, `worker-2`. */
export const copyName = (name: ProcessName, copy: number): string =>
  copy === 1 ? name : `${name}-${copy}`;

const tailOf = (instance: Instance, name: string): string => {
  const path = logPath(instance, name);
  return existsSync(path) ? readFileSync(path, 'utf8').slice(-LOG_TAIL_BYTES) : '';
};

const explain = (instance: Instance, name: string, why: string): Error =>
  new Error(
    `${name} ${why}; its log (${logPath(instance, name)}) ends with:\n${tailOf(instance, name)}`,
  );

/** Starts a server unless it runs and is well; waits until it is. */
export const startServer = async (
  instance: Instance,
  server: Server,
  report: Report,
): Promise<void> => {
  const { name } = server;
  await server.install(report);
  const running = runningOf(instance, name);
  // The servers of tests are started with other settings than those that are measured.
  const stamp = `${server.version}${instance.isTests ? '+tests' : ''}`;
  if (running?.stamp === stamp) {
    if (await until(() => server.isWell(instance), server.startLimitMs)) {
      return server.afterStart?.(instance);
    }
  }
  if (running) await end(instance, name);
  // A killed JVM stays a zombie until its last threads release the port.
  const isFree = async (): Promise<boolean> => !(await portAnswers(instance.port(name)));
  if (!(await until(isFree, PORT_FREE_LIMIT_MS))) {
    throw new Error(`port ${instance.port(name)} (${name}) is in use: set HOLDFAST_PORT_BASE`);
  }
  const startedAt = Date.now();
  const pid = launch(instance, name, await server.launch(instance), stamp);
  const well = await until(
    async () => !runningOf(instance, name) || server.isWell(instance),
    server.startLimitMs,
  );
  if (!runningOf(instance, name)) throw explain(instance, name, 'ended while starting');
  if (!well) throw explain(instance, name, `is not well after ${server.startLimitMs / 1000} s`);
  await server.afterStart?.(instance);
  report(`${name}: up (pid ${pid}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
};

/** A hash of every source of a process; a different hash means it must be restarted. */
const sourceStamp = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const folder of SOURCES) {
    if (!existsSync(resolve(ROOT, folder))) continue;
    const glob = new Bun.Glob('**/*.{ts,sql,lua,cql,json,patch}');
    const files = [...glob.scanSync({ cwd: resolve(ROOT, folder) })].sort();
    for (const file of files) {
      if (file.endsWith('.test.ts')) continue;
      hash.update(file).update(readFileSync(resolve(ROOT, folder, file)));
    }
  }
  return hash
    .update(readFileSync(resolve(ROOT, 'bun.lock')))
    .digest('hex')
    .slice(0, 16);
};

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(3_000) }).then(
    (response) => response.ok,
    () => false,
  );

const entryOf = (name: string, root = ROOT): string => resolve(root, 'processes', `${name}.ts`);

/**
 * Starts one copy of a process, or restarts it when its sources have changed; from another
 * checkout's sources when `root` is given.
 */
export const startProcess = async (
  instance: Instance,
  name: ProcessName,
  copy = 1,
  report: Report = () => undefined,
  root = ROOT,
): Promise<void> => {
  const env = environmentOf(instance, name, copy);
  const own = createHash('sha256').update(JSON.stringify(env)).digest('hex').slice(0, 16);
  const stamp = `${await sourceStamp()}/${own}${root === ROOT ? '' : `/${root}`}`;
  const label = copyName(name, copy);
  const opsPort = instance.port(specOf(name).opsPort, copy);
  const running = runningOf(instance, label);
  if (running?.stamp === stamp && (await isReady(opsPort))) return;
  if (running) await end(instance, label);
  launch(
    instance,
    label,
    { command: process.execPath, args: [entryOf(name, root)], env, cwd: root },
    stamp,
  );
  const ready = await until(
    async () => !runningOf(instance, label) || isReady(opsPort),
    PROCESS_START_LIMIT_MS,
  );
  if (!runningOf(instance, label)) throw explain(instance, label, 'ended while starting');
  if (!ready) throw explain(instance, label, 'is not ready in time');
  report(`${label}: ready`);
};

const migrate = async (instance: Instance, report: Report): Promise<void> => {
  const stampFile = resolve(instance.home, 'run', 'migrated');
  const stamp = await sourceStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const env = migrateEnvironment(instance);
  // Loaded here, because most commands need no database client.
  const { schemasOfOtherBuilds } = await import('../db/postgres/migrate.ts');
  const foreign = await schemasOfOtherBuilds(env['HOLDFAST_POSTGRES_URL'] ?? '');
  if (foreign.length > 0) {
    const reset = instance.isTests ? './holdfast reset --test' : './holdfast reset';
    throw new Error(
      `the data in ${instance.home} is of another build of Holdfast; \`${reset}\` deletes it`,
    );
  }
  await runCommand([process.execPath, entryOf('migrate')], { cwd: ROOT, env });
  await Bun.write(stampFile, stamp);
  report('migrate: every database is up to date');
};

/**
 * Waits for all, so that a failure leaves no other work half done; then throws every failure. The
 * first one is reported when it happens.
 */
const all = async (work: Promise<void>[], report: Report): Promise<void> => {
  const first = Promise.all(work).catch((error: unknown) => {
    const [line] = (error as Error).message.split('\n');
    report(`FAILED: ${line}; waiting for what else is starting`);
  });
  const failures = (await Promise.allSettled(work)).flatMap((result) =>
    result.status === 'rejected' ? [(result.reason as Error).message] : [],
  );
  await first;
  if (failures.length > 0) throw new Error(failures.join('\n\n'));
};

/** Throws before anything is started, with every server's port that another program uses. */
const assertPortsFree = async (instance: Instance): Promise<void> => {
  const absent = SERVERS.filter(({ name }) => !runningOf(instance, name));
  const taken = await Promise.all(
    absent.map(async ({ name }) => {
      const port = instance.port(name);
      // A killed JVM stays a zombie until its last threads release the port.
      const isFree = async (): Promise<boolean> => !(await portAnswers(port));
      return (await until(isFree, PORT_FREE_LIMIT_MS)) ? [] : [`${port} (${name})`];
    }),
  );
  const ports = taken.flat();
  if (ports.length === 0) return;
  const are = ports.length === 1 ? 'port is' : 'ports are';
  throw new Error(`${are} in use: ${ports.join(', ')}; set HOLDFAST_PORT_BASE`);
};

/** Starts everything and waits until it is ready; what is ready stays untouched. */
export const bringUp = (
  instance: Instance,
  report: Report,
  { copies = 1, serversOnly = false }: UpOptions = {},
): Promise<void> =>
  locked(instance, report, async () => {
    await assertPortsFree(instance);
    await all(
      SERVERS.map((server) => startServer(instance, server, report)),
      report,
    );
    await migrate(instance, report);
    if (serversOnly) return;
    const wanted = PROCESS_NAMES.flatMap((name) =>
      Array.from({ length: isSandbox(name) ? 1 : copies }, (_, at) => [name, at + 1] as const),
    );
    await all(
      wanted.map(([name, copy]) => startProcess(instance, name, copy, report)),
      report,
    );
    await promoteLocal(instance);
  });
