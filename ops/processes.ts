// Every process of Holdfast as data: its ports, the settings it takes, who must be up before.
import type { Setting } from '../processes/config.ts';
import type { PortName } from './ports.ts';

export interface ProcessSpec {
  port?: PortName;
  grpcPort?: PortName;
  opsPort: PortName;
  /** Role of its Postgres connection, when it has one. */
  role?: 'products' | 'inventory' | 'orders' | 'relay' | 'recovery' | 'identity';
  /** Role by which it looks callers up; only the gateway makes accounts and keys. */
  identity?: 'identity' | 'doors';
  settings: readonly Setting[];
}

const KAFKA = ['HOLDFAST_KAFKA_BROKERS'] as const;
const CASSANDRA = [
  'HOLDFAST_CASSANDRA_CONTACT_POINT',
  'HOLDFAST_CASSANDRA_DATACENTER',
  'HOLDFAST_CASSANDRA_KEYSPACE',
] as const;
const TEMPORAL = [
  'HOLDFAST_TEMPORAL_ADDRESS',
  'HOLDFAST_TEMPORAL_NAMESPACE',
  'HOLDFAST_CODEC_KEYS',
] as const;
const KEYS = ['HOLDFAST_SESSION_SECRET'] as const;
/** What signs calls to others, and what calls are verified by. */
const SIGNS = ['HOLDFAST_TOKEN_KEYS'] as const;
const VERIFIES = ['HOLDFAST_TOKEN_JWKS'] as const;
const TLS = [
  'HOLDFAST_GRPC_TLS_CERT',
  'HOLDFAST_GRPC_TLS_KEY',
  'HOLDFAST_GRPC_TLS_CLIENT_CA',
] as const;
/** What services show each other where they speak mutual TLS. */
const PEERS = ['HOLDFAST_PEER_TLS_CERT', 'HOLDFAST_PEER_TLS_KEY', 'HOLDFAST_PEER_TLS_CA'] as const;
const STRIPE = ['STRIPE_SECRET_KEY', 'STRIPE_API_BASE'] as const;

/** In the order of the house's table; doors first, then what works behind them. */
export const PROCESSES = {
  gateway: {
    port: 'gateway',
    identity: 'identity',
    opsPort: 'gateway-ops',
    settings: [
      ...KEYS,
      ...PEERS,
      ...SIGNS,
      ...VERIFIES,
      'HOLDFAST_PRODUCTS_URL',
      'HOLDFAST_SEARCH_URL',
      'HOLDFAST_INVENTORY_URL',
      'HOLDFAST_ORDERS_URL',
      'HOLDFAST_RECOVERY_URL',
      'HOLDFAST_ACCESS_SECRET',
      'HOLDFAST_CURSOR_SECRET',
      'HOLDFAST_PUBLIC_URL',
      'HOLDFAST_SMTP_URL',
      'HOLDFAST_MAIL_FROM',
      'HOLDFAST_REDIS_URL',
      'HOLDFAST_CARTS_REDIS_URL',
      'HOLDFAST_CART_LIFE_MS',
      'HOLDFAST_LIMITS',
      'HOLDFAST_TRUSTED_PROXIES',
      'HOLDFAST_CORS_ORIGINS',
    ],
  },
  products: {
    port: 'products',
    opsPort: 'products-ops',
    role: 'products',
    identity: 'doors',
    settings: [
      ...KEYS,
      ...PEERS,
      ...VERIFIES,
      ...TEMPORAL,
      'HOLDFAST_PUBLISHED_URL',
      'HOLDFAST_CURSOR_SECRET',
    ],
  },
  search: {
    port: 'search',
    opsPort: 'search-ops',
    settings: [
      ...CASSANDRA,
      ...PEERS,
      ...SIGNS,
      'HOLDFAST_INVENTORY_URL',
      'HOLDFAST_PRODUCTS_URL',
      'HOLDFAST_CURSOR_SECRET',
    ],
  },
  inventory: {
    port: 'inventory',
    grpcPort: 'inventory-grpc',
    opsPort: 'inventory-ops',
    role: 'inventory',
    settings: [...PEERS, ...VERIFIES, ...TLS, 'HOLDFAST_REDIS_URL', 'HOLDFAST_CURSOR_SECRET'],
  },
  orders: {
    port: 'orders',
    grpcPort: 'orders-grpc',
    opsPort: 'orders-ops',
    role: 'orders',
    settings: [
      ...TEMPORAL,
      ...PEERS,
      ...TLS,
      ...SIGNS,
      ...VERIFIES,
      ...CASSANDRA,
      'HOLDFAST_PRODUCTS_URL',
      'HOLDFAST_PAYMENT_WINDOW_MS',
      'HOLDFAST_CARRIER_POLL_MS',
      'HOLDFAST_PAYMENT_STEPS_PER_SECOND',
      'STRIPE_WEBHOOK_SECRETS',
    ],
  },
  recovery: {
    port: 'recovery',
    opsPort: 'recovery-ops',
    role: 'recovery',
    identity: 'doors',
    settings: [
      ...KEYS,
      ...TEMPORAL,
      ...PEERS,
      ...SIGNS,
      ...STRIPE,
      'HOLDFAST_CURSOR_SECRET',
      'HOLDFAST_TEMPORAL_UI_URL',
      'HOLDFAST_INVENTORY_URL',
      'HOLDFAST_PAYMENT_WINDOW_MS',
      'HOLDFAST_CARRIER_POLL_MS',
      'HOLDFAST_SWEEP_EVERY_MS',
      'HOLDFAST_RECONCILE_EVERY_MS',
    ],
  },
  worker: {
    opsPort: 'worker-ops',
    role: 'orders',
    settings: [
      ...TEMPORAL,
      ...PEERS,
      ...SIGNS,
      ...STRIPE,
      ...CASSANDRA,
      'HOLDFAST_CATALOGUE_URL',
      'HOLDFAST_INVENTORY_URL',
      'HOLDFAST_CARRIER_URL',
      'HOLDFAST_SMTP_URL',
      'HOLDFAST_MAIL_FROM',
      'HOLDFAST_PAYMENT_WINDOW_MS',
      'HOLDFAST_CARRIER_POLL_MS',
      'HOLDFAST_PAYMENT_STEPS_PER_SECOND',
      'HOLDFAST_SWEEP_AFTER_MS',
      'HOLDFAST_RECONCILE_AFTER_MS',
      'HOLDFAST_TASK_QUEUES',
    ],
  },
  relay: { opsPort: 'relay-ops', role: 'relay', settings: [...KAFKA] },
  projector: { opsPort: 'projector-ops', settings: [...KAFKA, ...CASSANDRA] },
  'sandbox-stripe': {
    port: 'sandbox-stripe',
    opsPort: 'sandbox-stripe-ops',
    settings: ['HOLDFAST_SANDBOX_STATE', 'HOLDFAST_SANDBOX_WEBHOOK_URL', 'STRIPE_WEBHOOK_SECRETS'],
  },
  'sandbox-carrier': {
    port: 'sandbox-carrier',
    opsPort: 'sandbox-carrier-ops',
    settings: ['HOLDFAST_SANDBOX_STATE', 'HOLDFAST_CARRIER_SHIP_MS', 'HOLDFAST_CARRIER_DELIVER_MS'],
  },
  'sandbox-mail': {
    port: 'sandbox-mail',
    opsPort: 'sandbox-mail-ops',
    settings: ['HOLDFAST_SANDBOX_STATE', 'HOLDFAST_SMTP_PORT'],
  },
} as const satisfies Record<string, ProcessSpec>;

export type ProcessName = keyof typeof PROCESSES;
export const PROCESS_NAMES = Object.keys(PROCESSES) as ProcessName[];

export const isProcessName = (name: string): name is ProcessName => Object.hasOwn(PROCESSES, name);

export const specOf = (name: ProcessName): ProcessSpec => PROCESSES[name];

/** Stand-ins for the outside world: one of each is enough, however many shops run. */
export const isSandbox = (name: ProcessName): boolean => name.startsWith('sandbox-');
