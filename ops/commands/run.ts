// The commands that run an instance: up, demo, status, env, logs, restart, promote, down, reset.
import { existsSync } from 'node:fs';
import { command, flag, text, UsageError, wholeNumber, withDefault } from '../arguments.ts';
import { reset, takeDown } from '../down.ts';
import { publicEnvironment } from '../environment.ts';
import { shopInstance, type Instance } from '../instance.ts';
import { print, report } from '../output.ts';
import { isProcessName } from '../processes.ts';
import { promoteBuild } from '../promotion.ts';
import { statusOf } from '../status.ts';
import { end, locked, logPath } from '../supervise.ts';
import { bringUp, SERVERS, startProcess, startServer } from '../up.ts';
import { instanceOf, onTests } from './on-tests.ts';

/** Ports of further copies are 60 apart, and the tests' instance is 200 above the shop's. */
const COPIES_MAX = 3;

const json = flag('as JSON, for programs');

const up = command({
  name: 'up',
  summary: 'start everything on this machine',
  about:
    'Starts the servers (Postgres, Redis, Kafka, Cassandra, Temporal) and every process of ' +
    'the shop. Running ones stay; processes whose source has changed are restarted. Search ' +
    'tables of an earlier version are rebuilt.',
  example: 'up --copies 2',
  options: {
    copies: withDefault(wholeNumber('N', 'copies of each process', [1, COPIES_MAX]), 1),
    'servers-only': flag('start only the servers'),
    ...onTests,
  },
  run: async (values) => {
    const startedAt = Date.now();
    const { copies, 'servers-only': serversOnly } = values;
    const instance = instanceOf(values);
    await bringUp(instance, report, { copies, serversOnly });
    if (!serversOnly) await (await import('./search.ts')).renewSearch(instance, report);
    report(`up after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  },
});

const demo = command({
  name: 'demo',
  summary: 'up, a sample catalogue, and one order followed to delivered',
  about:
    'Starts everything, loads the sample catalogue through the public API, finds a product ' +
    'by search, orders it, follows the order until it is delivered, and prints the ' +
    'addresses of its pages.',
  example: 'demo',
  options: { json },
  run: async (values) => (await import('../demo.ts')).demo(shopInstance(), values),
});

const status = command({
  name: 'status',
  summary: 'the state of every server and process',
  about: 'Lists every server and process: its state, its process id and its port.',
  example: 'status --json',
  options: { json, ...onTests },
  run: async (values) => {
    const rows = await statusOf(instanceOf(values));
    if (values.json) return print(JSON.stringify(rows));
    for (const { name, state, pid, port } of rows) {
      const columns = [name.padEnd(16), state.padEnd(10), String(pid ?? '-').padStart(7)];
      print(`${columns.join(' ')}  ${port ?? ''}`);
    }
  },
});

const env = command({
  name: 'env',
  summary: 'addresses and keys for other programs',
  about:
    'Prints the addresses and keys of the instance as KEY=value lines, which a shell can ' +
    'read.',
  example: 'env --json',
  options: { json, ...onTests },
  run: async (values) => {
    const settings = await publicEnvironment(instanceOf(values));
    if (values.json) return print(JSON.stringify(settings));
    for (const [key, value] of Object.entries(settings)) print(`${key}=${value}`);
  },
});

const assertKnown = (instance: Instance, name: string): void => {
  const isServer = SERVERS.some((server) => server.name === name);
  if (isServer || isProcessName(name) || existsSync(logPath(instance, name))) return;
  throw new UsageError(`unknown server or process ${name}; ./holdfast status lists them`);
};

const logs = command({
  name: 'logs',
  summary: 'the log of a server or process',
  about: 'Prints the last 200 lines of the log of a server or process.',
  example: 'logs gateway -f',
  positionals: ['NAME'],
  options: { follow: flag('follow the log', 'f'), ...onTests },
  run: async (values, [name = '']) => {
    const instance = instanceOf(values);
    assertKnown(instance, name);
    const follow = values.follow ? ['-f'] : [];
    const tail = Bun.spawn(['tail', '-n', '200', ...follow, logPath(instance, name)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await tail.exited;
  },
});

const restart = command({
  name: 'restart',
  summary: 'restart one server or process',
  about: 'Stops one server or process of a running instance and starts it again.',
  example: 'restart gateway',
  positionals: ['NAME'],
  options: onTests,
  run: async (values, [name = '']) => {
    const instance = instanceOf(values);
    assertKnown(instance, name);
    const server = SERVERS.find((candidate) => candidate.name === name);
    const [, base = name, copy = '1'] = /^(.+)-(\d)$/.exec(name) ?? [];
    const start = server
      ? () => startServer(instance, server, report)
      : isProcessName(base) && (() => startProcess(instance, base, Number(copy), report));
    if (!start) throw new UsageError(`${name} cannot be restarted alone`);
    await locked(instance, report, async () => {
      await end(instance, name, name === 'postgres' ? 'SIGINT' : 'SIGTERM');
      await start();
    });
  },
});

const promote = command({
  name: 'promote',
  summary: 'make a build of the workflows the current one',
  about:
    'Waits until workers of the build poll for every task queue, then makes it the current one. ' +
    'Refused when another build than --from is current. A roll-back is the same command.',
  example: 'promote 2026-11-29 --from 2026-11-22',
  positionals: ['BUILD'],
  options: {
    from: text('CURRENT', 'the build that it replaces (default: none is current)'),
    ...onTests,
  },
  run: async ({ from, ...values }, [buildId = '']) => {
    await promoteBuild(instanceOf(values), buildId, from);
    report(`${buildId} is the current build`);
  },
});

const down = command({
  name: 'down',
  summary: 'stop everything that up started',
  about: 'Stops every process and server of the instance. Its data stays.',
  example: 'down',
  options: onTests,
  run: async (values) => report(`${await takeDown(instanceOf(values), report)} processes stopped`),
});

const resetCommand = command({
  name: 'reset',
  summary: "down, and delete this instance's data",
  about: 'Stops everything, then deletes the data, the logs and the secrets of the instance.',
  example: 'reset --test',
  options: onTests,
  run: async (values) => {
    const instance = instanceOf(values);
    await reset(instance, report);
    report(`${instance.home} deleted`);
  },
});

export const RUN = [up, demo, status, env, logs, restart, promote, down, resetCommand];
