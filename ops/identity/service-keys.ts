// The services' signing keys of an instance: derived from its secret, rotated by the clock.
import { createHash, createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ServiceKey } from '../../apis/rpc/tokens.ts';
import { LOCAL_CALLER } from '../../domain/permissions.ts';
import type { Instance } from '../instance.ts';

/** Services that call others, each with its own keys. */
export const SIGNERS = ['gateway', 'search', 'orders', 'recovery', 'worker'] as const;
/** Seconds until a new key signs; by then every process has read it. */
const LEAD_SECONDS = 15;
/** Seconds an older key is kept: longer than its last token is valid. */
const KEEP_SECONDS = 600;

/** DER of an Ed25519 private key (RFC 8410) up to its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

interface Generation {
  number: number;
  signsFrom: number;
}
const FIRST: Generation[] = [{ number: 1, signsFrom: 0 }];

const keyOf = (instance: Instance, sub: string, { number, signsFrom }: Generation): ServiceKey => {
  const seed = createHash('sha256')
    .update(instance.secret(`service-key/${sub}/${number}`))
    .digest();
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const { x, d } = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'jwk',
  }) as { x: string; d: string };
  const names = { kid: `${sub}-${number}`, sub, signsFrom };
  return { ...names, kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', x, d };
};

const isSigner = (name: string): boolean => (SIGNERS as readonly string[]).includes(name);

/** Never rotated: the token of local programs is valid until `reset`. */
export const localKey = (instance: Instance): ServiceKey =>
  keyOf(instance, LOCAL_CALLER, { number: 1, signsFrom: 0 });

const textOf = (keys: ServiceKey[]): string => JSON.stringify({ keys });

/** The private keys of one service. */
const privateKeys = (instance: Instance, name: string, generations: Generation[]): string =>
  textOf(generations.map((generation) => keyOf(instance, name, generation)));

/** The public keys of all services. */
const publicKeys = (instance: Instance, generations: Generation[]): string => {
  const all = SIGNERS.flatMap((sub) => generations.map((one) => keyOf(instance, sub, one)));
  return textOf([...all, localKey(instance)].map(({ d: _, ...key }) => key as ServiceKey));
};

/** A process' settings with the keys inline, for environments without key files. */
export const inlineKeys = (instance: Instance, name: string) => ({
  HOLDFAST_TOKEN_JWKS: publicKeys(instance, FIRST),
  ...(isSigner(name) && { HOLDFAST_TOKEN_KEYS: privateKeys(instance, name, FIRST) }),
});

const fileOf = (instance: Instance, name: string): string =>
  resolve(instance.home, 'keys', `${name}.json`);

/** Writes a file atomically, so that readers never see a partial one. */
const put = (path: string, text: string): void => {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

const generationsOf = (instance: Instance): Generation[] => {
  try {
    const text = readFileSync(fileOf(instance, 'generations'), 'utf8');
    return JSON.parse(text) as Generation[];
  } catch {
    return FIRST;
  }
};

const writeKeys = (instance: Instance, generations: Generation[]): void => {
  mkdirSync(resolve(instance.home, 'keys'), { recursive: true, mode: 0o700 });
  put(fileOf(instance, 'generations'), JSON.stringify(generations));
  // Verifiers must have a key before it signs.
  put(fileOf(instance, 'jwks'), publicKeys(instance, generations));
  for (const name of SIGNERS) {
    put(fileOf(instance, name), privateKeys(instance, name, generations));
  }
};

/** A process' settings with the paths of its keys; writes the files first. */
export const keyFiles = (instance: Instance, name: string) => {
  writeKeys(instance, generationsOf(instance));
  return {
    HOLDFAST_TOKEN_JWKS: fileOf(instance, 'jwks'),
    ...(isSigner(name) && { HOLDFAST_TOKEN_KEYS: fileOf(instance, name) }),
  };
};

/** The key that a service, or a local program, signs with now. */
export const currentKey = (instance: Instance, sub: string): ServiceKey => {
  const now = Date.now() / 1000;
  const signing = generationsOf(instance).findLast(({ signsFrom }) => signsFrom <= now);
  return isSigner(sub) && signing ? keyOf(instance, sub, signing) : localKey(instance);
};

/** Publishes the next generation of keys, which signs after the lead time; drops unused ones. */
export const rotateServiceKeys = (instance: Instance, leadSeconds = LEAD_SECONDS): string[] => {
  const now = Date.now() / 1000;
  const generations = generationsOf(instance);
  const number = Math.max(...generations.map((one) => one.number)) + 1;
  const next = [...generations, { number, signsFrom: Math.ceil(now + leadSeconds) }];
  const kept = next.filter((_, at) => {
    const successor = next[at + 1];
    return !successor || successor.signsFrom + KEEP_SECONDS > now;
  });
  writeKeys(instance, kept);
  return SIGNERS.map((name) => `${name}-${number}`);
};
