// Every process of Holdfast as data: ports, settings and dependencies.
import type { Setting } from '../processes/config.ts';
import { PROCESS_SETTINGS } from '../processes/settings.ts';
import type { PortName } from './ports.ts';

export interface ProcessSpec {
  port?: PortName;
  grpcPort?: PortName;
  opsPort: PortName;
  /** The role of its Postgres connection, if it has one. */
  role?: 'products' | 'inventory' | 'orders' | 'relay' | 'recovery' | 'identity';
  /** Role by which it looks callers up; only the gateway makes accounts and keys. */
  identity?: 'identity' | 'authenticator';
}

/** Processes with a listener for callers first, then those that work behind them. */
export const PROCESSES = {
  gateway: {
    port: 'gateway',
    identity: 'identity',
    opsPort: 'gateway-ops',
  },
  products: {
    port: 'products',
    opsPort: 'products-ops',
    role: 'products',
    identity: 'authenticator',
  },
  search: {
    port: 'search',
    opsPort: 'search-ops',
  },
  inventory: {
    port: 'inventory',
    grpcPort: 'inventory-grpc',
    opsPort: 'inventory-ops',
    role: 'inventory',
  },
  orders: {
    port: 'orders',
    grpcPort: 'orders-grpc',
    opsPort: 'orders-ops',
    role: 'orders',
  },
  recovery: {
    port: 'recovery',
    opsPort: 'recovery-ops',
    role: 'recovery',
    identity: 'authenticator',
  },
  worker: {
    opsPort: 'worker-ops',
    role: 'orders',
  },
  relay: { opsPort: 'relay-ops', role: 'relay' },
  projector: { opsPort: 'projector-ops' },
  'sandbox-stripe': {
    port: 'sandbox-stripe',
    opsPort: 'sandbox-stripe-ops',
  },
  'sandbox-carrier': {
    port: 'sandbox-carrier',
    opsPort: 'sandbox-carrier-ops',
  },
  'sandbox-mail': {
    port: 'sandbox-mail',
    opsPort: 'sandbox-mail-ops',
  },
} as const satisfies Record<string, ProcessSpec>;

export type ProcessName = keyof typeof PROCESSES;
export const PROCESS_NAMES = Object.keys(PROCESSES) as ProcessName[];

export const isProcessName = (name: string): name is ProcessName => Object.hasOwn(PROCESSES, name);

/** Settings that a process gets by what it is: its ports, its role, the profile. */
const BY_SPEC: readonly Setting[] = [
  'HOLDFAST_PORT',
  'HOLDFAST_GRPC_PORT',
  'HOLDFAST_POSTGRES_URL',
  'HOLDFAST_IDENTITY_URL',
  'HOLDFAST_PROFILE',
  'HOLDFAST_BUILD_ID',
  'HOLDFAST_DEFAULT_STORE',
  'HOLDFAST_CHECK_RESPONSES',
];

/** The settings of a process that an instance or a deployment has to give it. */
export const settingsOf = (name: ProcessName | 'migrate' | 'promote'): Setting[] =>
  PROCESS_SETTINGS[name].filter((setting: Setting) => !BY_SPEC.includes(setting));

export const specOf = (name: ProcessName): ProcessSpec => PROCESSES[name];

/** Sandboxes of external providers, of which one copy is enough. */
export const isSandbox = (name: ProcessName): boolean => name.startsWith('sandbox-');
