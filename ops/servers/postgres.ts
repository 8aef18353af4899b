// Runs PostgreSQL, the authoritative store of every service, from the distribution's package.
import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import postgres from 'postgres';
import type { Instance } from '../instance.ts';
import { until } from '../supervise.ts';
import { aptInstall, runCommand } from './install.ts';
import type { Server } from './server.ts';

const FORMER_GONE_LIMIT_MS = 10_000;
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  wal_level: 'replica',
  max_wal_size: '512MB',
  log_min_messages: 'warning',
};

const binFolder = (): string | undefined => {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .filter((v) => v >= 14)
    : [];
  const found = versions.sort((a, b) => b - a).map((version) => `${root}/${version}/bin`);
  const onPath = Bun.which('initdb');
  return (
    found.find((folder) => existsSync(`${folder}/initdb`)) ?? (onPath ? dirname(onPath) : undefined)
  );
};

const bin = (name: string): string => resolve(binFolder() ?? '', name);

/** Postgres refuses to run as root; then it runs as `postgres`, or as `nobody`. */
const runAs = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user =
    users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(user?.[2] ?? 65_534), gid: Number(user?.[3] ?? 65_534) };
};

const isTraversable = (folder: string): boolean => {
  for (let at = folder; at !== '/'; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
};

/** The cluster's folder; under /var/tmp where another user cannot reach the home. */
export const postgresFolder = ({ home }: Instance): string => {
  if (!runAs() || isTraversable(home)) return resolve(home, 'data', 'postgres');
  const name = createHash('sha256').update(home).digest('hex').slice(0, 16);
  return `/var/tmp/holdfast-${name}`;
};

/** Makes the cluster in a temporary folder and moves it, so that a killed start leaves none. */
const init = async (instance: Instance, folder: string): Promise<void> => {
  const user = runAs();
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(fresh, { mode: 0o700 });
  const passwordFile = `${folder}.password`;
  writeFileSync(passwordFile, instance.secret('postgres'), { mode: 0o600 });
  if (user) for (const path of [fresh, passwordFile]) chownSync(path, user.uid, user.gid);
  const options = ['-U', 'holdfast', '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256'];
  try {
    const command = [bin('initdb'), '-D', fresh, ...options, `--pwfile=${passwordFile}`];
    await runCommand(command, { ...user });
    renameSync(fresh, folder);
  } finally {
    rmSync(passwordFile, { force: true });
  }
};

/** True when a killed Postgres' pid is reaped; until then it looks like a running server. */
const formerIsGone = (folder: string): boolean => {
  const file = resolve(folder, 'postmaster.pid');
  const pid = existsSync(file) ? readFileSync(file, 'utf8').split('\n')[0] : undefined;
  return pid === undefined || !existsSync(`/proc/${pid}`);
};

export const postgresUrl = (instance: Instance, role: string, database = 'holdfast'): string => {
  const name = role === 'holdfast' ? 'postgres' : `postgres/${role}`;
  const host = `${instance.host('postgres')}:${instance.port('postgres')}`;
  return `postgres://${role}:${instance.secret(name)}@${host}/${database}`;
};

const withAdmin = async <T>(
  instance: Instance,
  work: (sql: ReturnType<typeof postgres>) => Promise<T>,
): Promise<T> => {
  const url = postgresUrl(instance, 'holdfast', 'postgres');
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

export const postgresServer: Server = {
  name: 'postgres',
  version: JSON.stringify(SETTINGS),
  startLimitMs: 60_000,
  install: async (report) => {
    if (!binFolder()) await aptInstall('postgresql', 'PostgreSQL', report);
  },
  launch: async (instance) => {
    const folder = postgresFolder(instance);
    if (!existsSync(resolve(folder, 'PG_VERSION'))) await init(instance, folder);
    await until(() => formerIsGone(folder), FORMER_GONE_LIMIT_MS);
    const port = String(instance.port('postgres'));
    const settings = Object.entries({ ...SETTINGS, port });
    const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
    return { command: bin('postgres'), args: ['-D', folder, ...args], env, user: runAs() };
  },
  isWell: (instance) =>
    withAdmin(instance, async (sql) => (await sql`select 1`).length === 1).catch(() => false),
  afterStart: (instance) =>
    withAdmin(instance, async (sql) => {
      const [found] = await sql`select 1 from pg_database where datname = 'holdfast'`;
      if (!found) await sql.unsafe('create database holdfast');
    }),
};
