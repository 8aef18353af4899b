// Makes the environment of every process of an instance, and the one printed for other programs.
import { resolve } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { DEFAULT_STORE } from '../domain/ids.ts';
import { LOCAL_CALLER } from '../domain/permissions.ts';
import type { Setting } from '../processes/config.ts';
import { isSecret } from '../processes/secrets.ts';
import type { Instance } from './instance.ts';
import { settingsOf as processSettingsOf, specOf, type ProcessName } from './processes.ts';
import { inlineKeys, keyFiles, localKey } from './identity/service-keys.ts';
import { postgresUrl } from './servers/postgres.ts';
import type { RedisName } from './servers/redis.ts';
import type { PortName } from './ports.ts';

/** The roles of services, each with a password of its own. */
export const ROLES = [
  'identity',
  'products',
  'inventory',
  'orders',
  'relay',
  'recovery',
  'authenticator',
  'shoppers',
] as const;

const addressOf = (instance: Instance, name: PortName): string =>
  `${instance.host(name)}:${instance.port(name)}`;

const urlOf = (instance: Instance, name: PortName): string => `http://${addressOf(instance, name)}`;

const redisUrl = (instance: Instance, name: RedisName): string =>
  `redis://${addressOf(instance, name)}`;

const storeKey = (instance: Instance): string => `hf_${instance.secret('store-key')}`;
const operatorKey = (instance: Instance): string => `hf_${instance.secret('operator-key')}`;

/** Payload encryption keys of this instance only; no other instance can decrypt its data. */
export const codecKeys = (instance: Instance): string =>
  `first:${`${instance.secret('codec/1')}${instance.secret('codec/2')}`.slice(0, 64)}`;

/** In the form of Standard Webhooks. */
export const carrierWebhookSecret = (instance: Instance): string =>
  `whsec_${Buffer.from(instance.secret('carrier-webhook')).toString('base64')}`;

/** Every setting that is the same for all processes of an instance. */
const settingsOf = (instance: Instance): Partial<Record<Setting, string>> => ({
  HOLDFAST_CATALOGUE_URL: postgresUrl(instance, 'products'),
  HOLDFAST_PUBLISHED_URL: postgresUrl(instance, 'shoppers'),
  HOLDFAST_ROLE_PASSWORDS: JSON.stringify(
    Object.fromEntries(ROLES.map((role) => [role, instance.secret(`postgres/${role}`)])),
  ),
  HOLDFAST_REDIS_URL: redisUrl(instance, 'redis'),
  HOLDFAST_LIMITS_REDIS_URL: redisUrl(instance, 'redis-limits'),
  HOLDFAST_CARTS_REDIS_URL: redisUrl(instance, 'redis-carts'),
  HOLDFAST_KAFKA_BROKERS: addressOf(instance, 'kafka'),
  HOLDFAST_CASSANDRA_CONTACT_POINT: addressOf(instance, 'cassandra'),
  HOLDFAST_CASSANDRA_DATACENTER: 'datacenter1',
  HOLDFAST_CASSANDRA_KEYSPACE: 'holdfast',
  HOLDFAST_TEMPORAL_ADDRESS: addressOf(instance, 'temporal'),
  HOLDFAST_TEMPORAL_NAMESPACE: 'holdfast',
  HOLDFAST_TEMPORAL_UI_URL: urlOf(instance, 'temporal-ui'),
  HOLDFAST_CODEC_KEYS: codecKeys(instance),
  HOLDFAST_PRODUCTS_URL: urlOf(instance, 'products'),
  HOLDFAST_SEARCH_URL: urlOf(instance, 'search'),
  HOLDFAST_INVENTORY_URL: urlOf(instance, 'inventory'),
  HOLDFAST_ORDERS_URL: urlOf(instance, 'orders'),
  HOLDFAST_PUBLIC_URL: urlOf(instance, 'gateway'),
  HOLDFAST_RECOVERY_URL: urlOf(instance, 'recovery'),
  STRIPE_SECRET_KEY: `sk_test_${instance.secret('stripe')}`,
  STRIPE_API_BASE: urlOf(instance, 'sandbox-stripe'),
  STRIPE_WEBHOOK_SECRETS: `whsec_${instance.secret('stripe-webhook')}`,
  HOLDFAST_CARRIER_URL: urlOf(instance, 'sandbox-carrier'),
  HOLDFAST_CARRIER_WEBHOOK_URL: `${urlOf(instance, 'gateway')}/webhooks/carrier`,
  HOLDFAST_CARRIER_WEBHOOK_SECRETS: carrierWebhookSecret(instance),
  // The sandbox's parcels take seconds.
  HOLDFAST_CARRIER_POLL_MS: '2000',
  HOLDFAST_SMTP_URL: `smtp://${addressOf(instance, 'mail-smtp')}`,
  HOLDFAST_SMTP_PORT: String(instance.port('mail-smtp')),
  HOLDFAST_MAIL_FROM: 'shop@holdfast.example',
  HOLDFAST_SESSION_SECRET: `${instance.secret('sessions/1')}${instance.secret('sessions/2')}`,
  HOLDFAST_ACCESS_SECRET: instance.secret('order-access'),
  HOLDFAST_CURSOR_SECRET: instance.secret('cursors'),
  HOLDFAST_BOOTSTRAP_STORE_KEY: storeKey(instance),
  HOLDFAST_BOOTSTRAP_OPERATOR_KEY: operatorKey(instance),
  HOLDFAST_SANDBOX_STATE: resolve(instance.home, 'data', 'sandbox'),
  HOLDFAST_SANDBOX_WEBHOOK_URL: `${urlOf(instance, 'gateway')}/webhooks/stripe`,
});

/** The secrets of an instance that are the same for every process; URLs and keys are not. */
export const secretsOf = (instance: Instance): Record<string, string> => {
  const isMade = (name: string) => isSecret(name) && !name.startsWith('STRIPE_');
  return Object.fromEntries(Object.entries(settingsOf(instance)).filter(([name]) => isMade(name)));
};

/** Settings a user may set before `up`, which are passed on to every process. */
const PASSED_ON: readonly Setting[] = [
  'HOLDFAST_GRPC_TLS_CERT',
  'HOLDFAST_GRPC_TLS_KEY',
  'HOLDFAST_GRPC_TLS_CLIENT_CA',
  'HOLDFAST_PEER_TLS_CERT',
  'HOLDFAST_PEER_TLS_KEY',
  'HOLDFAST_PEER_TLS_CA',
  'HOLDFAST_LIMITS',
  'HOLDFAST_TRUSTED_PROXIES',
  'HOLDFAST_TRUSTED_PROXY_NETWORKS',
  'HOLDFAST_CORS_ORIGINS',
  'HOLDFAST_DRAIN_GRACE_MS',
  'HOLDFAST_LOG_LEVEL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'STRIPE_SECRET_KEY',
  'STRIPE_API_BASE',
  'STRIPE_WEBHOOK_SECRETS',
  'HOLDFAST_PAYMENT_WINDOW_MS',
  'HOLDFAST_GUEST_CHALLENGE_MS',
  'HOLDFAST_CARRIER_WEBHOOK_SECRETS',
  'HOLDFAST_CARRIER_POLL_MS',
  'HOLDFAST_VOID_PATIENCE_MS',
  'HOLDFAST_PAYMENT_STEPS_PER_SECOND',
  'HOLDFAST_DISPUTE_LOOK_MS',
  'HOLDFAST_DISPUTE_EVIDENCE',
  'HOLDFAST_FRAUD_WARNINGS',
  'HOLDFAST_CARRIER_SHIP_MS',
  'HOLDFAST_CARRIER_DELIVER_MS',
  'HOLDFAST_SWEEP_EVERY_MS',
  'HOLDFAST_RECONCILE_EVERY_MS',
  'HOLDFAST_RECONCILE_AFTER_MS',
  'HOLDFAST_SWEEP_AFTER_MS',
  'HOLDFAST_TASK_QUEUES',
];

const handedOn = (): Partial<Record<Setting, string>> =>
  Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );

const machine = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '/',
  NODE_ENV: 'production',
  // kafkajs occasionally sets a negative timeout, which is harmless and would fill every log.
  NODE_NO_WARNINGS: '1',
});

/** A process' instance-specific settings, limited to those it declares. */
export const ownEnvironment = (
  instance: Instance,
  name: ProcessName,
  copy: number,
  given: Partial<Record<Setting, string>>,
): Record<string, string> => {
  const spec = specOf(name);
  const all = { ...settingsOf(instance), ...inlineKeys(instance, name), ...given };
  const optional = [
    'HOLDFAST_LOG_LEVEL',
    'HOLDFAST_DRAIN_GRACE_MS',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  ] as const;
  const own: Setting[] = [...processSettingsOf(name), ...optional];
  const taken = own.flatMap((setting) => (all[setting] ? [[setting, all[setting]]] : []));
  return {
    ...(Object.fromEntries(taken) as Record<string, string>),
    HOLDFAST_PROCESS: name,
    HOLDFAST_HOST: instance.bind,
    HOLDFAST_PROFILE: 'local',
    HOLDFAST_OPS_PORT: String(instance.port(spec.opsPort, copy)),
    ...(instance.isTests && { HOLDFAST_CHECK_RESPONSES: 'true' }),
    ...(spec.port && { HOLDFAST_PORT: String(instance.port(spec.port, copy)) }),
    ...(spec.grpcPort && { HOLDFAST_GRPC_PORT: String(instance.port(spec.grpcPort, copy)) }),
    ...(spec.identity && { HOLDFAST_IDENTITY_URL: postgresUrl(instance, spec.identity) }),
    ...(spec.role && { HOLDFAST_POSTGRES_URL: postgresUrl(instance, spec.role) }),
  };
};

/** The environment of one copy of a process on this machine. */
export const environmentOf = (
  instance: Instance,
  name: ProcessName,
  copy = 1,
): Record<string, string> => ({
  ...machine(),
  ...ownEnvironment(instance, name, copy, { ...handedOn(), ...keyFiles(instance, name) }),
});

/** The one-shot migration is the only one that may change tables. */
export const migrationSettings = (instance: Instance): Record<string, string> => {
  const all = settingsOf(instance);
  return {
    ...Object.fromEntries(processSettingsOf('migrate').map((name) => [name, all[name] ?? ''])),
    HOLDFAST_POSTGRES_URL: postgresUrl(instance, 'holdfast'),
    HOLDFAST_DEFAULT_STORE: DEFAULT_STORE,
    HOLDFAST_PROFILE: 'local',
  };
};

/** The one-shot promotion of the build. */
export const promotionSettings = (instance: Instance): Record<string, string> => {
  const { HOLDFAST_TEMPORAL_ADDRESS = '', HOLDFAST_TEMPORAL_NAMESPACE = '' } = settingsOf(instance);
  return { HOLDFAST_TEMPORAL_ADDRESS, HOLDFAST_TEMPORAL_NAMESPACE };
};

export const migrateEnvironment = (instance: Instance): Record<string, string> => ({
  ...machine(),
  ...migrationSettings(instance),
});

/** A service token for programs on this machine, valid until `reset` makes new secrets. */
const internalToken = async (instance: Instance): Promise<string> => {
  const key = localKey(instance);
  return new SignJWT({ storeId: DEFAULT_STORE })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
    .setIssuer('holdfast')
    .setSubject(LOCAL_CALLER)
    .setAudience(['inventory', 'orders', 'products'])
    .setExpirationTime('3650d')
    .sign(await importJWK(key, 'EdDSA'));
};

/** The output of `./holdfast env`; no value needs quoting in a shell. */
export const publicEnvironment = async (instance: Instance): Promise<Record<string, string>> => ({
  GATEWAY_URL: urlOf(instance, 'gateway'),
  PRODUCTS_URL: urlOf(instance, 'products'),
  SEARCH_URL: urlOf(instance, 'search'),
  INVENTORY_GRPC: addressOf(instance, 'inventory-grpc'),
  INVENTORY_URL: urlOf(instance, 'inventory'),
  ORDERS_URL: urlOf(instance, 'orders'),
  RECOVERY_URL: urlOf(instance, 'recovery'),
  TEMPORAL_ADDRESS: addressOf(instance, 'temporal'),
  TEMPORAL_UI_URL: urlOf(instance, 'temporal-ui'),
  STRIPE_SANDBOX_URL: urlOf(instance, 'sandbox-stripe'),
  CARRIER_SANDBOX_URL: urlOf(instance, 'sandbox-carrier'),
  MAIL_URL: urlOf(instance, 'sandbox-mail'),
  POSTGRES_URL: postgresUrl(instance, 'holdfast'),
  REDIS_URL: redisUrl(instance, 'redis'),
  CARTS_REDIS_URL: redisUrl(instance, 'redis-carts'),
  KAFKA_BROKERS: addressOf(instance, 'kafka'),
  CASSANDRA_CONTACT_POINT: addressOf(instance, 'cassandra'),
  STORE_KEY: storeKey(instance),
  OPERATOR_KEY: operatorKey(instance),
  INTERNAL_TOKEN: await internalToken(instance),
});
