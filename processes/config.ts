// Reads and validates the environment; the only file that does.
import type { WorkflowTimings } from '../workflows/fulfill-order.contract.ts';
import { z } from 'zod';
import { FRAUD_RULES } from '../domain/attention.ts';
import { EVIDENCE_BY } from '../domain/disputes/dispute.ts';
import { DEFAULT_STORE, isId, type StoreId } from '../domain/ids.ts';
import { isSecret, secretProblem } from './secrets.ts';
import { PROCESS_SETTINGS, type ProcessWithSettings, type SettingOf } from './settings.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const durationMs = z.coerce.number().int().min(1);
const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('is not JSON');
    return z.NEVER;
  }
});
const list = z
  .string()
  .min(1)
  .transform((text) => text.split(',').filter((item) => item !== ''));

const SETTINGS = {
  HOLDFAST_PROCESS: z.string().default('holdfast'),
  HOLDFAST_HOST: z.string().default('127.0.0.1'),
  HOLDFAST_PORT: port,
  HOLDFAST_OPS_PORT: port,
  HOLDFAST_GRPC_PORT: port,
  // Paths of PEM files: certificate and key turn on TLS for gRPC, a client CA turns on mutual TLS.
  HOLDFAST_GRPC_TLS_CERT: z.string().optional(),
  HOLDFAST_GRPC_TLS_KEY: z.string().optional(),
  HOLDFAST_GRPC_TLS_CLIENT_CA: z.string().optional(),
  // The same for HTTP between services; all three turn on mutual TLS.
  HOLDFAST_PEER_TLS_CERT: z.string().optional(),
  HOLDFAST_PEER_TLS_KEY: z.string().optional(),
  HOLDFAST_PEER_TLS_CA: z.string().optional(),
  /**
   * Milliseconds after SIGTERM in which connections are still accepted: longer than a load balancer
   * needs to notice.
   */
  HOLDFAST_DRAIN_GRACE_MS: z.coerce.number().int().min(0).max(60_000).default(0),
  /** Origins whose pages may call the gateway, exactly as a browser sends them. */
  HOLDFAST_CORS_ORIGINS: z
    .string()
    .transform((text) => text.split(',').filter((item) => item !== ''))
    .pipe(z.array(z.string().regex(/^https?:\/\/[\w.-]+(?::\d+)?$/)))
    .default([]),
  /** Compares every HTTP response with its route's schema; the tests set it. */
  HOLDFAST_CHECK_RESPONSES: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true'),
  HOLDFAST_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  HOLDFAST_DEFAULT_STORE: z.custom<StoreId>((value) => isId('store', value)).default(DEFAULT_STORE),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  HOLDFAST_POSTGRES_URL: z.string().min(1),
  HOLDFAST_IDENTITY_URL: z.string().min(1),
  HOLDFAST_CATALOGUE_URL: z.string().min(1),
  HOLDFAST_PUBLISHED_URL: z.string().min(1),
  HOLDFAST_ROLE_PASSWORDS: json,
  HOLDFAST_REDIS_URL: z.string().min(1),
  /** The limits' own Redis, which never evicts; by default that of stock. */
  HOLDFAST_LIMITS_REDIS_URL: z.string().min(1).optional(),
  /** The carts' own Redis, which evicts by `volatile-ttl`; by default that of the limits. */
  HOLDFAST_CARTS_REDIS_URL: z.string().min(1).optional(),
  /** Milliseconds without a read after which a cart expires. */
  HOLDFAST_CART_LIFE_MS: durationMs.default(14 * 24 * 60 * 60_000),
  /** Overrides of the profile's limits: the members of `Limits` that differ, as JSON. */
  HOLDFAST_LIMITS: json.optional(),
  /** Number of trusted proxies in front of the gateway that write X-Forwarded-For. */
  HOLDFAST_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Networks of trusted proxies (CIDR), in front of those that are counted. */
  HOLDFAST_TRUSTED_PROXY_NETWORKS: z
    .string()
    .transform((text) => text.split(',').filter((item) => item !== ''))
    .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()])))
    .default([]),
  HOLDFAST_KAFKA_BROKERS: list,
  HOLDFAST_CASSANDRA_CONTACT_POINT: z.string().min(1),
  HOLDFAST_CASSANDRA_DATACENTER: z.string().default('datacenter1'),
  HOLDFAST_CASSANDRA_KEYSPACE: z.string().regex(/^\w+$/).default('holdfast'),
  HOLDFAST_TEMPORAL_ADDRESS: z.string().min(1),
  /** `<id>:<64 hex digits>`: the first encrypts, all decrypt. */
  HOLDFAST_CODEC_KEYS: list,
  /** The worker's build id; a constant locally, the commit where builds differ. */
  HOLDFAST_BUILD_ID: z.string().min(1).max(100).default('local'),
  /** The build that a promotion replaces; absent or `none` for the first one. */
  HOLDFAST_PROMOTE_FROM: z.string().min(1).max(100).optional(),
  HOLDFAST_TEMPORAL_UI_URL: z.url(),
  HOLDFAST_PROFILE: z.enum(['local', 'production']).default('production'),
  HOLDFAST_TEMPORAL_NAMESPACE: z.string().default('holdfast'),
  HOLDFAST_PRODUCTS_URL: z.url(),
  HOLDFAST_SEARCH_URL: z.url(),
  HOLDFAST_INVENTORY_URL: z.url(),
  HOLDFAST_ORDERS_URL: z.url(),
  HOLDFAST_RECOVERY_URL: z.url(),
  STRIPE_SECRET_KEY: z.string().min(1),
  STRIPE_API_BASE: z.url().optional(),
  STRIPE_WEBHOOK_SECRETS: list,
  HOLDFAST_CARRIER_URL: z.url(),
  /** `whsec_` and 24 to 64 bytes in base64; each is valid, so that one can replace another. */
  HOLDFAST_CARRIER_WEBHOOK_SECRETS: list.pipe(
    z.array(z.string().regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'a secret is no whsec_…')),
  ),
  HOLDFAST_SMTP_URL: z.string().min(1),
  HOLDFAST_MAIL_FROM: z.string().default('shop@holdfast.example'),
  /**
   * JSON Web Key Sets, inline or as a file's path: this service's private keys, and the public keys
   * of all services.
   */
  HOLDFAST_TOKEN_KEYS: z.string().min(1),
  HOLDFAST_TOKEN_JWKS: z.string().min(1),
  /**
   * The gateway's public URL: in mails and cookies, and the origin whose pages may send cookies.
   * Only the local profile permits http.
   */
  HOLDFAST_PUBLIC_URL: z.url(),
  HOLDFAST_SESSION_SECRET: z.string().min(32),
  HOLDFAST_ACCESS_SECRET: z.string().min(16),
  HOLDFAST_CURSOR_SECRET: z.string().min(16),
  HOLDFAST_BOOTSTRAP_STORE_KEY: z.string().min(1),
  HOLDFAST_BOOTSTRAP_OPERATOR_KEY: z.string().min(1),
  HOLDFAST_PAYMENT_WINDOW_MS: durationMs.default(15 * 60_000),
  /**
   * How long a guest's order waits for an answer to the bank's challenge: it costs a guest nothing,
   * and holds stock.
   */
  HOLDFAST_GUEST_CHALLENGE_MS: durationMs.default(4 * 60_000),
  /**
   * Limit of all workers together: a step makes at most two calls, below the provider's limit of
   * 100/s.
   */
  HOLDFAST_PAYMENT_STEPS_PER_SECOND: z.coerce.number().min(0.1).default(50),
  /**
   * How long after its booking a parcel is looked at without an event of the carrier, which sends
   * them; later looks come in proportion (domain/looks.ts). A machine of a developer looks after
   * two seconds (ops/environment.ts).
   */
  HOLDFAST_CARRIER_POLL_MS: durationMs.default(5 * 60_000),
  /** How long the money of a cancelled order waits for its parcels to be voided. */
  HOLDFAST_VOID_PATIENCE_MS: durationMs.default(10 * 60_000),
  /** How long after its beginning a dispute is looked at without an event of its own. */
  HOLDFAST_DISPUTE_LOOK_MS: durationMs.default(3_600_000),
  /** Evidence is sent by the rule at once, or by a person until a day before its deadline. */
  HOLDFAST_DISPUTE_EVIDENCE: z.enum(EVIDENCE_BY).default('rule'),
  /** An order whose bank warns of fraud is refunded in full, or needs a person's attention. */
  HOLDFAST_FRAUD_WARNINGS: z.enum(FRAUD_RULES).default('attention'),
  HOLDFAST_SWEEP_EVERY_MS: durationMs.default(30_000),
  HOLDFAST_SWEEP_AFTER_MS: durationMs.default(10_000),
  HOLDFAST_RECONCILE_EVERY_MS: durationMs.default(5 * 60_000),
  HOLDFAST_RECONCILE_AFTER_MS: durationMs.default(15 * 60_000),
  HOLDFAST_TASK_QUEUES: list.optional(),
  HOLDFAST_SANDBOX_STATE: z.string().min(1),
  HOLDFAST_SANDBOX_WEBHOOK_URL: z.url(),
  HOLDFAST_SMTP_PORT: port,
  HOLDFAST_CARRIER_WEBHOOK_URL: z.url(),
  HOLDFAST_CARRIER_SHIP_MS: durationMs.default(1_500),
  HOLDFAST_CARRIER_DELIVER_MS: durationMs.default(3_000),
} satisfies Record<string, z.ZodType>;

type Settings = typeof SETTINGS;
export type Setting = keyof Settings;
type Parsed<K extends Setting> = { [Key in K]: z.output<Settings[Key]> };

/** The settings that every process reads. */
const COMMON = [
  'HOLDFAST_PROCESS',
  'HOLDFAST_HOST',
  'HOLDFAST_OPS_PORT',
  'HOLDFAST_LOG_LEVEL',
  'HOLDFAST_DRAIN_GRACE_MS',
  'HOLDFAST_DEFAULT_STORE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
] as const satisfies Setting[];

export type CommonConfig = Parsed<(typeof COMMON)[number]>;

/** Every name that a process lists is a setting: another one does not compile. */
const KNOWN = PROCESS_SETTINGS satisfies Record<string, readonly Setting[]>;

const isProduction = (): boolean =>
  SETTINGS.HOLDFAST_PROFILE.safeParse(process.env['HOLDFAST_PROFILE']).data !== 'local';

/** Why a valid setting is refused in production; undefined where it is not. */
const productionProblem = (name: Setting, text: string): string | undefined => {
  if (name === 'HOLDFAST_PUBLIC_URL' && !text.startsWith('https:')) return 'is not https';
  return isSecret(name) ? secretProblem(name, text) : undefined;
};

const read = <K extends Setting>(names: readonly K[]): Parsed<K> => {
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  const inProduction = isProduction();
  for (const name of names) {
    const text = process.env[name];
    const result = (SETTINGS[name] as z.ZodType).safeParse(text);
    if (result.success) values[name] = result.data;
    else wrong.push(`${name}: ${result.error.issues[0]?.message ?? 'is invalid'}`);
    const problem = inProduction && text ? productionProblem(name, text) : undefined;
    if (problem) wrong.push(`${name}: ${problem}`);
  }
  if (wrong.length > 0) throw new Error(`invalid environment:\n  ${wrong.join('\n  ')}`);
  return values as Parsed<K>;
};

/** True when a process starts without the setting. */
export const isOptional = (name: Setting): boolean =>
  (SETTINGS[name] as z.ZodType).safeParse(undefined).success;

/** What a process reads and the common settings; throws with every wrong name at once. */
export const configOf = <P extends ProcessWithSettings>(
  process: P,
): CommonConfig & Parsed<SettingOf<P>> => ({ ...read(COMMON), ...settingsOf(process) });

/** What a process reads alone, for one-shot processes that have no operations port. */
export const settingsOf = <P extends ProcessWithSettings>(process: P): Parsed<SettingOf<P>> =>
  read(KNOWN[process] as readonly SettingOf<P>[]);

/** Where mails are sent, and whether only over TLS. */
export const mailSettingsOf = (
  settings: Parsed<'HOLDFAST_SMTP_URL' | 'HOLDFAST_MAIL_FROM' | 'HOLDFAST_PROFILE'>,
) => ({
  url: settings.HOLDFAST_SMTP_URL,
  from: settings.HOLDFAST_MAIL_FROM,
  requiresTls: settings.HOLDFAST_PROFILE === 'production',
});

/** The durations of orders' workflows. */
export const timingsOf = (
  settings: Parsed<
    | 'HOLDFAST_PAYMENT_WINDOW_MS'
    | 'HOLDFAST_GUEST_CHALLENGE_MS'
    | 'HOLDFAST_CARRIER_POLL_MS'
    | 'HOLDFAST_VOID_PATIENCE_MS'
  >,
): WorkflowTimings => ({
  paymentWindowMs: settings.HOLDFAST_PAYMENT_WINDOW_MS,
  guestChallengeMs: settings.HOLDFAST_GUEST_CHALLENGE_MS,
  carrierPollMs: settings.HOLDFAST_CARRIER_POLL_MS,
  voidPatienceMs: settings.HOLDFAST_VOID_PATIENCE_MS,
});
