// Starts and stops local processes by pid file, and only those that are provably this instance's.
import { Database } from 'bun:sqlite';
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import type { Instance } from './instance.ts';
import type { Report } from './output.ts';

const TERM_WAIT_MS = 12_000;
const KILL_WAIT_MS = 5_000;
const POLL_MS = 50;
const LOCK_LIMIT_MS = 15 * 60_000;

export interface Launch {
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd?: string;
  /** Another user to run as, by number. */
  user?: { uid: number; gid: number } | undefined;
}

interface PidFile {
  pid: number;
  /** The kernel's start time of the process, so that a reused pid is not mistaken for it. */
  startedAt: string;
  /** A hash of its sources; a difference means it must be restarted. */
  stamp: string;
}

const pidPath = ({ home }: Instance, name: string): string => resolve(home, 'run', `${name}.json`);
export const logPath = ({ home }: Instance, name: string): string =>
  resolve(home, 'logs', `${name}.log`);

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined when no such process lives. */
const startTimeOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
};

/** The running process of this name, or undefined. */
export const runningOf = (instance: Instance, name: string): PidFile | undefined => {
  const path = pidPath(instance, name);
  if (!existsSync(path)) return undefined;
  const file = JSON.parse(readFileSync(path, 'utf8')) as PidFile;
  return startTimeOf(file.pid) === file.startedAt ? file : undefined;
};

/** Starts a process in its own session, with its output appended to its log. */
export const launch = (instance: Instance, name: string, what: Launch, stamp: string): number => {
  for (const folder of ['run', 'logs'])
    mkdirSync(resolve(instance.home, folder), { recursive: true });
  const log = openSync(logPath(instance, name), 'a');
  const child = spawn(what.command, what.args, {
    cwd: what.cwd ?? '/',
    env: { ...what.env, HOLDFAST_INSTANCE: instance.home },
    detached: true,
    stdio: ['ignore', log, log],
    ...what.user,
  });
  child.on('error', () => undefined);
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (!pid) throw new Error(`${name} failed to start: ${what.command} does not run`);
  const startedAt = startTimeOf(pid) ?? '';
  const path = pidPath(instance, name);
  // Renamed atomically, so that a kill leaves no partial file.
  writeFileSync(`${path}.new`, JSON.stringify({ pid, startedAt, stamp }));
  renameSync(`${path}.new`, path);
  return pid;
};

export const until = async (condition: () => boolean | Promise<boolean>, ms: number) => {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) return false;
    await Bun.sleep(POLL_MS);
  }
  return true;
};

/** One command at a time per home. SQLite's lock belongs to the kernel and ends with its holder. */
export const locked = async <T>(
  instance: Instance,
  report: Report,
  work: () => Promise<T>,
): Promise<T> => {
  mkdirSync(instance.home, { recursive: true });
  const lock = new Database(resolve(instance.home, 'lock.sqlite'));
  let tries = 0;
  const take = (): boolean => {
    try {
      lock.run('begin exclusive');
      return true;
    } catch {
      if (tries++ === 0) report(`another command runs on ${instance.home}; waiting for it`);
      return false;
    }
  };
  try {
    if (await until(take, LOCK_LIMIT_MS)) return await work();
    throw new Error(`another command still runs on ${instance.home}`);
  } finally {
    lock.close();
  }
};

/** Sends a signal to a process, or with a negative id to its group, unless it has ended. */
const send = (pid: number, what: NodeJS.Signals): void => {
  try {
    process.kill(pid, what);
  } catch {
    // The process ended after the check.
  }
};

/** Stops a process: SIGTERM first, then SIGKILL. Returns whether it ran. */
export const end = async (
  instance: Instance,
  name: string,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<boolean> => {
  const running = runningOf(instance, name);
  if (running) {
    const gone = () => startTimeOf(running.pid) !== running.startedAt;
    // It leads its session, so the signal reaches all its children.
    send(-running.pid, signal);
    if (!(await until(gone, TERM_WAIT_MS))) send(-running.pid, 'SIGKILL');
    if (!(await until(gone, KILL_WAIT_MS)))
      throw new Error(`${name} (${running.pid}) does not end`);
  }
  rmSync(pidPath(instance, name), { force: true });
  return running !== undefined;
};

/** A process and its descendants, also those with their own sessions (Postgres). */
const familyOf = (pid: number): number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(familyOf)];
  } catch {
    return [];
  }
};

/** Sends a signal without waiting, such as SIGSTOP and SIGCONT. */
export const signal = (instance: Instance, name: string, what: NodeJS.Signals): void => {
  const running = runningOf(instance, name);
  if (!running) throw new Error(`${name} is not running`);
  for (const pid of familyOf(running.pid)) send(pid, what);
};

export const portAnswers = (port: number): Promise<boolean> => {
  const answer = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: '127.0.0.1', timeout: 500 });
  socket.on('connect', () => answer.resolve(true));
  socket.on('error', () => answer.resolve(false));
  socket.on('timeout', () => answer.resolve(false));
  return answer.promise.finally(() => socket.destroy());
};
