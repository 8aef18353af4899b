// Starting and ending what runs on the machine: by pid file, and only what is provably ours.
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
import type { Say } from './servers/server.ts';

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
  /** Kernel's start time of the process, so that a reused pid is not taken for ours. */
  startedAt: string;
  /** What it was started from; a difference means it must be restarted. */
  stamp: string;
}

const pidPath = ({ home }: Instance, name: string): string => resolve(home, 'run', `${name}.json`);
export const logPath = ({ home }: Instance, name: string): string =>
  resolve(home, 'logs', `${name}.log`);

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined when there is no such live process. */
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

/** Starts a process of its own session, its output appended to the log of its name. */
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
  if (!pid) throw new Error(`${name} cannot be started: ${what.command} does not run`);
  const startedAt = startTimeOf(pid) ?? '';
  const path = pidPath(instance, name);
  // Renamed into place: whoever is killed meanwhile leaves no half a file.
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

/** One command at a time on a home. SQLite's lock is the kernel's: it ends with its holder. */
export const locked = async <T>(
  instance: Instance,
  say: Say,
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
      if (tries++ === 0) say(`another command is at work on ${instance.home}; waiting for it`);
      return false;
    }
  };
  try {
    if (await until(take, LOCK_LIMIT_MS)) return await work();
    throw new Error(`another command is still at work on ${instance.home}`);
  } finally {
    lock.close();
  }
};

/** A signal to a process, or with a negative id to its group, unless it is gone by now. */
const send = (pid: number, what: NodeJS.Signals): void => {
  try {
    process.kill(pid, what);
  } catch {
    // Gone between the look and the signal.
  }
};

/** Ends a process; first asks, then insists. Answers whether there was one. */
export const end = async (
  instance: Instance,
  name: string,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<boolean> => {
  const running = runningOf(instance, name);
  if (running) {
    const gone = () => startTimeOf(running.pid) !== running.startedAt;
    // It leads its session: with it goes everything it started.
    send(-running.pid, signal);
    if (!(await until(gone, TERM_WAIT_MS))) send(-running.pid, 'SIGKILL');
    if (!(await until(gone, KILL_WAIT_MS)))
      throw new Error(`${name} (${running.pid}) does not end`);
  }
  rmSync(pidPath(instance, name), { force: true });
  return running !== undefined;
};

/** A process and all it has started, also where they lead sessions of their own (Postgres). */
const familyOf = (pid: number): number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(familyOf)];
  } catch {
    return [];
  }
};

/** Sends a signal without waiting: SIGSTOP and SIGCONT for frozen processes. */
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
