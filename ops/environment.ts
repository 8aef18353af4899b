// The environment of every process of an instance, and the one printed for other programs.
import { resolve } from 'node:path';
import { SignJWT } from 'jose';
import type { Setting } from '../processes/config.ts';
import type { Instance } from './instance.ts';
import { specOf, type ProcessName } from './processes.ts';
import { postgresUrl } from './servers/postgres.ts';
import type { PortName } from './ports.ts';

const ROLES = ['identity', 'products', 'inventory', 'orders', 'relay', 'recovery'] as const;

const urlOf = (instance: Instance, name: PortName): string =>
  `http://127.0.0.1:${instance.port(name)}`;

const storeKey = (instance: Instance): string => `hf_${instance.secret('store-key')}`;
const operatorKey = (instance: Instance): string => `hf_${instance.secret('operator-key')}`;

/** Every setting that is the same for all processes of an instance. */
const settingsOf = (instance: Instance): Partial<Record<Setting, string>> => ({
  HOLDFAST_IDENTITY_URL: postgresUrl(instance, 'identity'),
  HOLDFAST_ROLE_PASSWORDS: JSON.stringify(
    Object.fromEntries(ROLES.map((role) => [role, instance.secret(`postgres/${role}`)])),
  ),
  HOLDFAST_REDIS_URL: `redis://127.0.0.1:${instance.port('redis')}`,
  HOLDFAST_KAFKA_BROKERS: `127.0.0.1:${instance.port('kafka')}`,
  HOLDFAST_CASSANDRA_CONTACT_POINT: `127.0.0.1:${instance.port('cassandra')}`,
  HOLDFAST_CASSANDRA_DATACENTER: 'datacenter1',
  HOLDFAST_CASSANDRA_KEYSPACE: 'holdfast',
  HOLDFAST_TEMPORAL_ADDRESS: `127.0.0.1:${instance.port('temporal')}`,
  HOLDFAST_TEMPORAL_NAMESPACE: 'holdfast',
  HOLDFAST_PRODUCTS_URL: urlOf(instance, 'products'),
  HOLDFAST_SEARCH_URL: urlOf(instance, 'search'),
  HOLDFAST_INVENTORY_URL: urlOf(instance, 'inventory'),
  HOLDFAST_ORDERS_URL: urlOf(instance, 'orders'),
  HOLDFAST_RECOVERY_URL: urlOf(instance, 'recovery'),
  STRIPE_SECRET_KEY: `sk_test_${instance.secret('stripe')}`,
  STRIPE_API_BASE: urlOf(instance, 'sandbox-stripe'),
  STRIPE_WEBHOOK_SECRETS: `whsec_${instance.secret('stripe-webhook')}`,
  HOLDFAST_CARRIER_URL: urlOf(instance, 'sandbox-carrier'),
  HOLDFAST_SMTP_URL: `smtp://127.0.0.1:${instance.port('mail-smtp')}`,
  HOLDFAST_SMTP_PORT: String(instance.port('mail-smtp')),
  HOLDFAST_MAIL_FROM: 'shop@holdfast.example',
  HOLDFAST_TOKEN_SECRETS: instance.secret('service-tokens'),
  HOLDFAST_ACCESS_SECRET: instance.secret('order-access'),
  HOLDFAST_CURSOR_SECRET: instance.secret('cursors'),
  HOLDFAST_BOOTSTRAP_STORE_KEY: storeKey(instance),
  HOLDFAST_BOOTSTRAP_OPERATOR_KEY: operatorKey(instance),
  HOLDFAST_SANDBOX_STATE: resolve(instance.home, 'data', 'sandbox'),
  HOLDFAST_SANDBOX_WEBHOOK_URL: `${urlOf(instance, 'gateway')}/webhooks/stripe`,
});

/** What a person may set before `up` and every process then takes over. */
const HANDED_ON: readonly Setting[] = [
  'HOLDFAST_LOG_LEVEL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'STRIPE_SECRET_KEY',
  'STRIPE_API_BASE',
  'STRIPE_WEBHOOK_SECRETS',
  'HOLDFAST_PAYMENT_WINDOW_MS',
  'HOLDFAST_CARRIER_POLL_MS',
  'HOLDFAST_CARRIER_SHIP_MS',
  'HOLDFAST_CARRIER_DELIVER_MS',
  'HOLDFAST_SWEEP_EVERY_MS',
  'HOLDFAST_SWEEP_AFTER_MS',
];

const handedOn = (): Partial<Record<Setting, string>> =>
  Object.fromEntries(
    HANDED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );

const machine = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '/',
  NODE_ENV: 'production',
});

/** The environment of one copy of a process: only what it is said to take. */
export const environmentOf = (
  instance: Instance,
  name: ProcessName,
  copy = 1,
): Record<string, string> => {
  const spec = specOf(name);
  const all = { ...settingsOf(instance), ...handedOn() };
  const own = [
    ...spec.settings,
    'HOLDFAST_LOG_LEVEL' as const,
    'OTEL_EXPORTER_OTLP_ENDPOINT' as const,
  ];
  const taken = own.flatMap((setting) => (all[setting] ? [[setting, all[setting]]] : []));
  return {
    ...machine(),
    ...Object.fromEntries(taken),
    HOLDFAST_PROCESS: name,
    HOLDFAST_HOST: '127.0.0.1',
    HOLDFAST_PROFILE: 'local',
    HOLDFAST_OPS_PORT: String(instance.port(spec.opsPort, copy)),
    ...(spec.port && { HOLDFAST_PORT: String(instance.port(spec.port, copy)) }),
    ...(spec.grpcPort && { HOLDFAST_GRPC_PORT: String(instance.port(spec.grpcPort, copy)) }),
    ...(spec.role && { HOLDFAST_POSTGRES_URL: postgresUrl(instance, spec.role) }),
  };
};

/** The one-shot migration is the only one that may change tables. */
export const migrateEnvironment = (instance: Instance): Record<string, string> => ({
  ...machine(),
  ...settingsOf(instance),
  HOLDFAST_POSTGRES_URL: postgresUrl(instance, 'holdfast'),
  HOLDFAST_DEFAULT_STORE: 'sto_default',
});

/** A service token for programs on this machine, valid until `reset` makes new secrets. */
const internalToken = (instance: Instance): Promise<string> =>
  new SignJWT({ storeId: 'sto_default' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('holdfast')
    .setSubject('local')
    .setAudience(['inventory', 'orders', 'products'])
    .setExpirationTime('3650d')
    .sign(new TextEncoder().encode(instance.secret('service-tokens')));

/** What `./holdfast env` prints; no value needs quoting in a shell. */
export const publicEnvironment = async (instance: Instance): Promise<Record<string, string>> => ({
  GATEWAY_URL: urlOf(instance, 'gateway'),
  PRODUCTS_URL: urlOf(instance, 'products'),
  SEARCH_URL: urlOf(instance, 'search'),
  INVENTORY_GRPC: `127.0.0.1:${instance.port('inventory-grpc')}`,
  INVENTORY_URL: urlOf(instance, 'inventory'),
  ORDERS_URL: urlOf(instance, 'orders'),
  RECOVERY_URL: urlOf(instance, 'recovery'),
  TEMPORAL_ADDRESS: `127.0.0.1:${instance.port('temporal')}`,
  TEMPORAL_UI_URL: urlOf(instance, 'temporal-ui'),
  STRIPE_SANDBOX_URL: urlOf(instance, 'sandbox-stripe'),
  CARRIER_SANDBOX_URL: urlOf(instance, 'sandbox-carrier'),
  MAIL_URL: urlOf(instance, 'sandbox-mail'),
  POSTGRES_URL: postgresUrl(instance, 'holdfast'),
  REDIS_URL: `redis://127.0.0.1:${instance.port('redis')}`,
  KAFKA_BROKERS: `127.0.0.1:${instance.port('kafka')}`,
  CASSANDRA_CONTACT_POINT: `127.0.0.1:${instance.port('cassandra')}`,
  STORE_KEY: storeKey(instance),
  OPERATOR_KEY: operatorKey(instance),
  INTERNAL_TOKEN: await internalToken(instance),
});
