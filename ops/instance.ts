// An instance of Holdfast: its data folder, its ports and its secrets.
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import {
  DEFAULT_PORT_BASE,
  PORT_BASE_MAX,
  portOf,
  TEST_PORT_SHIFT,
  type PortName,
} from './ports.ts';

export const ROOT = resolve(import.meta.dirname, '..');

/** Built or downloaded servers, shared by every checkout of this user. */
export const CACHE = resolve(
  process.env['XDG_CACHE_HOME'] ?? resolve(homedir(), '.cache'),
  'holdfast',
);

export interface Instance {
  home: string;
  portBase: number;
  port(name: PortName, copy?: number): number;
  /** The host name by which other processes reach a port. */
  host(name: PortName): string;
  /** The address processes bind to. */
  bind: string;
  /** True for the instance that tests run against: it checks its own responses. */
  isTests: boolean;
  /** A secret of this instance: always the same text for the same name. */
  secret(name: string): string;
}

const rootSecret = (home: string): string => {
  const file = resolve(home, 'secrets.json');
  if (!existsSync(file)) {
    mkdirSync(home, { recursive: true });
    const root = randomBytes(32).toString('hex');
    const own = `${file}.${process.pid}`;
    writeFileSync(own, `${JSON.stringify({ root })}\n`, { mode: 0o600 });
    // Of two concurrent commands the first to link the file wins; both then read it.
    try {
      linkSync(own, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(own);
    }
  }
  return (JSON.parse(readFileSync(file, 'utf8')) as { root: string }).root;
};

export const instanceAt = (home: string, portBase: number, isTests = false): Instance => {
  if (!Number.isInteger(portBase) || portBase < 1024 || portBase > PORT_BASE_MAX) {
    throw new Error(`HOLDFAST_PORT_BASE must be a number from 1024 to ${PORT_BASE_MAX}`);
  }
  let root: string | undefined;
  return {
    home,
    portBase,
    isTests,
    port: (name, copy) => portOf(portBase, name, copy),
    host: () => '127.0.0.1',
    bind: '127.0.0.1',
    secret: (name) =>
      createHmac('sha256', (root ??= rootSecret(home)))
        .update(name)
        .digest('hex')
        .slice(0, 40),
  };
};

const shopHome = (): string => resolve(ROOT, process.env['HOLDFAST_HOME'] ?? '.holdfast');
const shopPortBase = (): number => Number(process.env['HOLDFAST_PORT_BASE'] ?? DEFAULT_PORT_BASE);

/** The shop of this checkout; HOLDFAST_HOME and HOLDFAST_PORT_BASE move it. */
export const shopInstance = (): Instance => instanceAt(shopHome(), shopPortBase());

/** The tests' instance, which is separate from the shop's. */
export const testInstance = (): Instance =>
  instanceAt(`${shopHome()}-test`, shopPortBase() + TEST_PORT_SHIFT, true);
