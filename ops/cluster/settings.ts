// The source of each process setting in a cluster: a value, or the operators' secret.
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar';
import type { Setting } from '../../processes/config.ts';
import { settingsOf, specOf, type ProcessName } from '../processes.ts';

/** The port of every container; each has its own address. */
export const API_PORT = 8080;
export const GRPC_PORT = 8443;
export const OPS_PORT = 9090;

/** Name of the ConfigMap and of the Secret that operators create. */
export const NAME = 'holdfast';

export const labelsOf = (name: string) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/part-of': NAME,
});
export const metadataOf = (name: string) => ({ name, labels: labelsOf(name) });

const service = (name: string): string => `http://${name}:${API_PORT}`;

/** The same in every process; store addresses are examples to replace. */
export const CONFIG: Partial<Record<Setting, string>> = {
  HOLDFAST_HOST: '0.0.0.0',
  HOLDFAST_PROFILE: 'production',
  HOLDFAST_LOG_LEVEL: 'info',
  HOLDFAST_KAFKA_BROKERS: 'kafka-bootstrap.kafka.svc:9092',
  HOLDFAST_CASSANDRA_CONTACT_POINT: 'cassandra.cassandra.svc:9042',
  HOLDFAST_CASSANDRA_DATACENTER: 'datacenter1',
  HOLDFAST_CASSANDRA_KEYSPACE: 'holdfast',
  HOLDFAST_TEMPORAL_ADDRESS: 'temporal-frontend.temporal.svc:7233',
  HOLDFAST_TEMPORAL_NAMESPACE: 'holdfast',
  HOLDFAST_TEMPORAL_UI_URL: 'https://temporal.shop.example',
  HOLDFAST_PRODUCTS_URL: service('products'),
  HOLDFAST_SEARCH_URL: service('search'),
  HOLDFAST_INVENTORY_URL: service('inventory'),
  HOLDFAST_ORDERS_URL: service('orders'),
  HOLDFAST_RECOVERY_URL: service('recovery'),
  HOLDFAST_CARRIER_URL: 'https://carrier.example',
  HOLDFAST_MAIL_FROM: 'orders@shop.example',
  HOLDFAST_PUBLIC_URL: 'https://shop.example',
  HOLDFAST_TRUSTED_PROXIES: '1',
  // Files, because a rotation changes them under a running process: see keyVolumesOf.
  HOLDFAST_TOKEN_KEYS: '/etc/holdfast/own/keys.json',
  HOLDFAST_TOKEN_JWKS: '/etc/holdfast/all/jwks.json',
};

/** Keys of the Secret; a reader of one can act as a service or read stored data. */
export const SECRETS = [
  'HOLDFAST_SESSION_SECRET',
  'HOLDFAST_CATALOGUE_URL',
  'HOLDFAST_PUBLISHED_URL',
  'HOLDFAST_REDIS_URL',
  'HOLDFAST_LIMITS_REDIS_URL',
  'HOLDFAST_CARTS_REDIS_URL',
  'HOLDFAST_CODEC_KEYS',
  'HOLDFAST_ACCESS_SECRET',
  'HOLDFAST_CURSOR_SECRET',
  'HOLDFAST_SMTP_URL',
  'HOLDFAST_ROLE_PASSWORDS',
  'HOLDFAST_BOOTSTRAP_STORE_KEY',
  'HOLDFAST_BOOTSTRAP_OPERATOR_KEY',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRETS',
  'HOLDFAST_CARRIER_WEBHOOK_SECRETS',
] as const satisfies Setting[];

const fromSecret = (name: string, key: string = name): IEnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: NAME, key } },
});

const isSecret = (setting: Setting): boolean => (SECRETS as readonly Setting[]).includes(setting);

/** The named settings as container variables; those with a default may be absent. */
export const variablesOf = (settings: readonly Setting[]): IEnvVar[] =>
  settings.flatMap((setting): IEnvVar[] => {
    if (isSecret(setting)) return [fromSecret(setting)];
    if (CONFIG[setting] === undefined) return [];
    const configMapKeyRef = { name: NAME, key: setting };
    return [{ name: setting, valueFrom: { configMapKeyRef } }];
  });

/** The connection of a role: each has its own key and access to its own schema only. */
export const databaseOf = (role: string, setting: Setting = 'HOLDFAST_POSTGRES_URL') =>
  fromSecret(setting, `HOLDFAST_POSTGRES_URL_${role.toUpperCase()}`);

/** The signing keys of this service only, and the public keys of all. */
export const keyVolumesOf = (name: ProcessName) => {
  const settings = settingsOf(name);
  const own = { name: 'own-keys', secret: { secretName: `${NAME}-keys-${name}` } };
  const all = { name: 'all-keys', configMap: { name: `${NAME}-jwks` } };
  const isRead = (setting: Setting) => settings.includes(setting);
  return {
    volumes: [
      ...(isRead('HOLDFAST_TOKEN_KEYS') ? [own] : []),
      ...(isRead('HOLDFAST_TOKEN_JWKS') ? [all] : []),
    ],
    mounts: [
      ...(isRead('HOLDFAST_TOKEN_KEYS')
        ? [{ name: own.name, mountPath: '/etc/holdfast/own', readOnly: true }]
        : []),
      ...(isRead('HOLDFAST_TOKEN_JWKS')
        ? [{ name: all.name, mountPath: '/etc/holdfast/all', readOnly: true }]
        : []),
    ],
  };
};

/** The complete environment of one process, ports included. */
export const environmentIn = (name: ProcessName, more: Record<string, string> = {}): IEnvVar[] => {
  const { port, grpcPort, role, identity } = specOf(name);
  const own = {
    HOLDFAST_PROCESS: name,
    HOLDFAST_OPS_PORT: String(OPS_PORT),
    ...(port && { HOLDFAST_PORT: String(API_PORT) }),
    ...(grpcPort && { HOLDFAST_GRPC_PORT: String(GRPC_PORT) }),
    ...more,
  };
  return [
    ...Object.entries(own).map(([key, value]) => ({ name: key, value })),
    ...(role ? [databaseOf(role)] : []),
    ...(identity ? [databaseOf(identity, 'HOLDFAST_IDENTITY_URL')] : []),
    ...variablesOf([
      'HOLDFAST_HOST',
      'HOLDFAST_PROFILE',
      'HOLDFAST_LOG_LEVEL',
      ...settingsOf(name),
    ]),
  ];
};
