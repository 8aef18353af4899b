// Stops an instance: processes first, then servers, then checks that every port is free.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Instance } from './instance.ts';
import { PORT_OFFSETS, type PortName } from './ports.ts';
import { postgresFolder } from './servers/postgres.ts';
import type { Report } from './output.ts';
import { end, locked, portAnswers, until } from './supervise.ts';
import { SERVERS } from './up.ts';

const PORTS_FREE_LIMIT_MS = 10_000;

/** Names with a pid file, also of processes that have ended. */
const startedNames = ({ home }: Instance): string[] => {
  const folder = resolve(home, 'run');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
};

const isFree = async (instance: Instance): Promise<boolean> => {
  const names = Object.keys(PORT_OFFSETS) as PortName[];
  const answers = await Promise.all(names.map((name) => portAnswers(instance.port(name))));
  return !answers.includes(true);
};

/** SIGINT is Postgres' fast shutdown; the others take SIGTERM. */
const endAll = async (instance: Instance): Promise<number> => {
  const names = startedNames(instance);
  const servers = new Set<string>(SERVERS.map((server) => server.name));
  const ended = await Promise.all(
    names.filter((name) => !servers.has(name)).map((name) => end(instance, name)),
  );
  const endedServers = await Promise.all(
    names
      .filter((name) => servers.has(name))
      .map((name) => end(instance, name, name === 'postgres' ? 'SIGINT' : 'SIGTERM')),
  );
  if (names.length > 0 && !(await until(() => isFree(instance), PORTS_FREE_LIMIT_MS))) {
    throw new Error(`a port from ${instance.portBase} on is still in use by another process`);
  }
  return [...ended, ...endedServers].filter(Boolean).length;
};

/** Returns how many were stopped. Waits for a running command on the same instance. */
export const takeDown = async (
  instance: Instance,
  report: Report = () => undefined,
): Promise<number> =>
  existsSync(instance.home) ? locked(instance, report, () => endAll(instance)) : 0;

/** Stops the instance and deletes its data. */
export const reset = async (instance: Instance, report: Report): Promise<void> => {
  await takeDown(instance, report);
  const postgres = postgresFolder(instance);
  if (postgres.startsWith('/var/tmp/holdfast-')) rmSync(postgres, { recursive: true, force: true });
  rmSync(instance.home, { recursive: true, force: true });
};
