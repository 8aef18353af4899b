// Installs servers: built once in a temporary folder of the cache, then moved to the final one.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { CACHE } from '../instance.ts';
import type { Report } from '../output.ts';

const OUTPUT_TAIL = 1_500;

/** Runs a command to its end; throws with the last output when it fails. */
export const runCommand = async (
  command: string[],
  options: { cwd?: string; env?: Record<string, string>; uid?: number; gid?: number } = {},
): Promise<string> => {
  const child = Bun.spawn(command, {
    cwd: options.cwd ?? '/',
    env: { ...process.env, ...options.env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    ...(options.uid !== undefined && { uid: options.uid, gid: options.gid }),
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) return out;
  throw new Error(
    `${command.slice(0, 3).join(' ')} failed (${code}):\n${(out + err).slice(-OUTPUT_TAIL)}`,
  );
};

export const isOnPath = (command: string): boolean => Bun.which(command) !== null;

const TICK_MS = 15_000;

const ABANDONED_AFTER_MS = 3_600_000;

/** Removes temporary folders of killed builds. */
const removeAbandoned = (name: string): void => {
  for (const entry of readdirSync(CACHE)) {
    const path = resolve(CACHE, entry);
    const isOld = (): boolean => Date.now() - statSync(path).mtimeMs > ABANDONED_AFTER_MS;
    if (entry.startsWith(`${name}.building-`) && isOld()) {
      rmSync(path, { recursive: true, force: true });
    }
  }
};

/**
 * Makes `CACHE/<name>` by `build` in a temporary folder, so that a killed build leaves no result.
 */
export const cached = async (
  name: string,
  report: Report,
  build: (folder: string) => Promise<void>,
): Promise<string> => {
  const final = resolve(CACHE, name);
  if (existsSync(final)) return final;
  mkdirSync(CACHE, { recursive: true });
  removeAbandoned(name);
  const temporary = mkdtempSync(resolve(CACHE, `${name}.building-`));
  const startedAt = Date.now();
  const elapsed = (): number => Math.round((Date.now() - startedAt) / 1000);
  const tick = setInterval(() => report(`${name}: still building (${elapsed()} s)`), TICK_MS);
  try {
    report(`${name}: installing it, once for this machine`);
    await build(temporary);
    try {
      renameSync(temporary, final);
    } catch (error) {
      // Another checkout may have finished first; its result is the same.
      if (!existsSync(final)) throw error;
    }
    report(`${name}: installed after ${elapsed()} s`);
  } finally {
    clearInterval(tick);
    rmSync(temporary, { recursive: true, force: true });
  }
  return final;
};

/** The jars of one Maven artefact with its runtime dependencies. */
export const mavenJars = (name: string, artefact: string, report: Report): Promise<string> =>
  cached(name, report, async (folder) => {
    for (const tool of ['java', 'mvn']) {
      if (!isOnPath(tool))
        throw new Error(`${name} needs Java 17 and Maven; ${tool} is not on PATH`);
    }
    const [groupId, artifactId, version] = artefact.split(':');
    writeFileSync(
      resolve(folder, 'pom.xml'),
      `<project><modelVersion>4.0.0</modelVersion><groupId>holdfast</groupId>
<artifactId>${name}</artifactId><version>1</version><dependencies><dependency>
<groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version>
</dependency></dependencies></project>`,
    );
    const goals = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
    await runCommand(['mvn', '-q', '-B', ...goals, `-DoutputDirectory=${folder}/libs`], {
      cwd: folder,
    });
  });

/** Installs a distribution's package as root on Debian and Ubuntu, without starting its service. */
const APT_LOCK_SECONDS = 600;

export const aptInstall = async (
  packageName: string,
  why: string,
  report: Report,
): Promise<void> => {
  if (!isOnPath('apt-get') || process.getuid?.() !== 0) {
    throw new Error(`${why} is missing: install the package ${packageName} and run this again`);
  }
  report(`${packageName}: installing the distribution's package`);
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await runCommand(['apt-get', 'update', '-q'], { env }).catch(() => undefined);
    // Servers are installed concurrently, and apt runs once at a time.
    const waiting = ['-o', `DPkg::Lock::Timeout=${APT_LOCK_SECONDS}`];
    const quietly = ['-y', '-q', '--no-install-recommends'];
    await runCommand(['apt-get', 'install', ...waiting, ...quietly, packageName], { env });
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
};
