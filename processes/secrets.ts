// Names what is wrong with a secret in production: published, too short, too simple, or absent.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PUBLISHED_SECRETS } from './published-secrets.ts';

/** The fewest characters of a secret that the shop makes: 16 random bytes as hex. */
const LENGTH_MIN = 32;
/** Of one that another system makes, or a person with its tool. */
const GIVEN_LENGTH_MIN = 16;
/** Fewer different characters are a pattern, not a secret. */
const CHARACTERS_MIN = 8;

interface Kind {
  /** The secrets in a setting's value. */
  read(value: string): string[];
  lengthMin: number;
}

const whole = (value: string): string[] => [value];
const each = (value: string): string[] => value.split(',').filter((item) => item !== '');
/** `<id>:<key>`, several. */
const eachKey = (value: string): string[] => each(value).map((one) => one.split(':')[1] ?? '');
const passwordOf = (value: string): string[] => [
  decodeURIComponent(URL.parse(value)?.password ?? ''),
];
const valuesOf = (value: string): string[] =>
  Object.values(JSON.parse(value) as Record<string, string>);

interface PrivateKeys {
  keys: { d?: string }[];
}
/** The private parts of a JSON Web Key Set, inline or of the file at a path. */
const privateKeys = (value: string): string[] => {
  const text = value.startsWith('{') ? value : readFileSync(value, 'utf8');
  return (JSON.parse(text) as PrivateKeys).keys.map(({ d = '' }) => d);
};

const own = { read: whole, lengthMin: LENGTH_MIN };
const given = { read: whole, lengthMin: GIVEN_LENGTH_MIN };
const database = { read: passwordOf, lengthMin: GIVEN_LENGTH_MIN };

/** The settings that are secrets, or contain some. */
export const SECRETS = {
  HOLDFAST_SESSION_SECRET: own,
  HOLDFAST_ACCESS_SECRET: own,
  HOLDFAST_CURSOR_SECRET: own,
  HOLDFAST_CODEC_KEYS: { read: eachKey, lengthMin: LENGTH_MIN },
  HOLDFAST_TOKEN_KEYS: { read: privateKeys, lengthMin: LENGTH_MIN },
  HOLDFAST_BOOTSTRAP_STORE_KEY: own,
  HOLDFAST_BOOTSTRAP_OPERATOR_KEY: own,
  HOLDFAST_POSTGRES_URL: database,
  HOLDFAST_IDENTITY_URL: database,
  HOLDFAST_CATALOGUE_URL: database,
  HOLDFAST_PUBLISHED_URL: database,
  HOLDFAST_ROLE_PASSWORDS: { read: valuesOf, lengthMin: GIVEN_LENGTH_MIN },
  STRIPE_SECRET_KEY: given,
  STRIPE_WEBHOOK_SECRETS: { read: each, lengthMin: GIVEN_LENGTH_MIN },
  HOLDFAST_CARRIER_WEBHOOK_SECRETS: { read: each, lengthMin: GIVEN_LENGTH_MIN },
} as const satisfies Record<string, Kind>;

export type SecretSetting = keyof typeof SECRETS;

export const isSecret = (setting: string): setting is SecretSetting =>
  Object.hasOwn(SECRETS, setting);

/** By which a published secret is known without being written down once more. */
export const fingerprintOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex');

/** The secrets in a setting's value. Throws on a value of another form. */
export const secretsIn = (setting: SecretSetting, value: string): string[] =>
  SECRETS[setting].read(value);

const weaknessOf = (secret: string, lengthMin: number): string | undefined => {
  if (PUBLISHED_SECRETS.has(fingerprintOf(secret))) return 'is published in docker-compose.yml';
  if (secret === '') return 'has no secret';
  if (secret.length < lengthMin) return `has a secret of fewer than ${lengthMin} characters`;
  if (new Set(secret).size < CHARACTERS_MIN) return 'has a secret that is too simple';
  return undefined;
};

/** Why production does not start with this secret; undefined for a good one. */
export const secretProblem = (setting: SecretSetting, value: string): string | undefined => {
  try {
    const secrets = secretsIn(setting, value);
    if (secrets.length === 0) return 'has no secret';
    return secrets.map((one) => weaknessOf(one, SECRETS[setting].lengthMin)).find(Boolean);
  } catch {
    // The fault may quote the secret.
    return 'cannot be read';
  }
};
