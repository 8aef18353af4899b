// Makes the secrets of a deployment: those of an instance whose root is random and stored nowhere.
import { createHmac, randomBytes } from 'node:crypto';
import { ROLES, secretsOf } from '../environment.ts';
import type { Instance } from '../instance.ts';
import { DEFAULT_PORT_BASE, portOf } from '../ports.ts';
import { postgresUrl } from '../servers/postgres.ts';
import { inlineKeys, SIGNERS } from './service-keys.ts';

const randomInstance = (postgres: string): Instance => {
  const { hostname, port } = new URL(`postgres://${postgres}`);
  const root = randomBytes(32);
  return {
    isTests: false,
    home: '/nowhere',
    portBase: DEFAULT_PORT_BASE,
    bind: '0.0.0.0',
    port: (name, copy) =>
      name === 'postgres' ? Number(port || 5432) : portOf(DEFAULT_PORT_BASE, name, copy),
    host: () => hostname,
    secret: (name) => createHmac('sha256', root).update(name).digest('hex').slice(0, 40),
  };
};

/** The URLs of the roles, by the names of the Secret in ops/cluster; `owner` migrates. */
const databaseUrls = (instance: Instance): Record<string, string> => {
  const named = (role: string) => `HOLDFAST_POSTGRES_URL_${role.toUpperCase()}`;
  return {
    [named('owner')]: postgresUrl(instance, 'holdfast'),
    ...Object.fromEntries(ROLES.map((role) => [named(role), postgresUrl(instance, role)])),
  };
};

/** Each service's own signing keys, and the public keys of all. */
const signingKeys = (instance: Instance): Record<string, string> => ({
  ...Object.fromEntries(
    SIGNERS.map((name) => [
      `HOLDFAST_TOKEN_KEYS_${name.toUpperCase()}`,
      inlineKeys(instance, name).HOLDFAST_TOKEN_KEYS ?? '',
    ]),
  ),
  HOLDFAST_TOKEN_JWKS: inlineKeys(instance, '').HOLDFAST_TOKEN_JWKS,
});

/** A new set each time. `postgres` is `host:port`. */
export const secretSettings = (postgres: string): Record<string, string> => {
  const instance = randomInstance(postgres);
  return { ...secretsOf(instance), ...databaseUrls(instance), ...signingKeys(instance) };
};
