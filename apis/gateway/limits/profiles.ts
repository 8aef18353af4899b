// The profiles of limits as data: costs, rates, declines and concurrent calls.
import { z } from 'zod';
import { CALL_KINDS, type CallKind } from '../../http/gate.ts';

const positive = z.number().int().min(1);

const policy = z.strictObject({
  /** The limit's name in the RateLimit fields. */
  name: z.string().regex(/^[a-z-]{1,30}$/),
  by: z.enum(['address', 'principal', 'store']),
  kinds: z.array(z.enum(CALL_KINDS)),
  /** Units per window; a unit is the cost of a read. All may be taken at once. */
  quota: positive,
  windowSeconds: positive,
});
export type Policy = z.output<typeof policy>;

/** Checkouts whose card was declined, or that are not decided yet. */
const declines = z.strictObject({
  by: z.enum(['card', 'address', 'account']),
  most: positive,
  windowSeconds: positive,
});
export type DeclinePolicy = z.output<typeof declines>;

/** Wrong or running passwords of one account. */
const failedSignIns = z.strictObject({
  /** Of one caller's address, or of one known device. */
  most: positive,
  windowSeconds: positive,
  /** Of all unknown devices, before they take turns. */
  ofAccount: positive.default(100),
  /** Between two turns, for each `ofAccount` failures: some 180 guesses in fifteen minutes. */
  turnSeconds: positive.default(5),
});

/** Units that one order may hold. */
const units = z.strictObject({ sku: positive, order: positive });

const limits = z.strictObject({
  policies: z.array(policy),
  /** By who orders: a guest's challenge costs nothing, and holds stock while it is unanswered. */
  units: z.strictObject({ guest: units, account: units }),
  failedSignIns,
  declines: z.array(declines),
  /** Concurrent calls of one process, a limit for each kind. */
  atOnce: z.record(z.enum(CALL_KINDS), positive),
  /** Concurrent calls of one address at one process, those whose body is being read among them. */
  atOnceByAddress: positive,
  /** Timelines that one address follows at one process. */
  streamsByAddress: positive,
  /** Uploads of one store at one process: their senders may be slow. */
  uploadsByStore: positive,
});
export type Limits = z.output<typeof limits>;

/** The work behind a call in units, measured by a read. */
export const COSTS: Readonly<Record<CallKind, number>> = {
  free: 0,
  read: 1,
  write: 5,
  checkout: 10,
  cart: 5,
  'sign-in': 10,
  webhook: 1,
  upload: 50,
  follow: 5,
};

const SHOPPING: CallKind[] = ['read', 'write', 'checkout', 'cart', 'sign-in', 'upload', 'follow'];
const MINUTE = 60;
const HOUR = 60 * MINUTE;

/**
 * 600 concurrent reads fill a page of a shop many times over. At 350 checkouts a second the limits
 * cover a second or two of calls, and waiting longer helps no caller.
 */
const PRODUCTION: Limits = {
  policies: [
    { name: 'address', by: 'address', kinds: SHOPPING, quota: 600, windowSeconds: 10 },
    { name: 'sign-in', by: 'address', kinds: ['sign-in'], quota: 300, windowSeconds: 5 * MINUTE },
    // A thousand new carts: each is kept for days.
    { name: 'cart', by: 'address', kinds: ['cart'], quota: 5_000, windowSeconds: HOUR },
    { name: 'webhook', by: 'address', kinds: ['webhook'], quota: 5_000, windowSeconds: 10 },
    { name: 'principal', by: 'principal', kinds: SHOPPING, quota: 6_000, windowSeconds: 10 },
    { name: 'store', by: 'store', kinds: SHOPPING, quota: 200_000, windowSeconds: 10 },
  ],
  units: { guest: { sku: 20, order: 100 }, account: { sku: 200, order: 1_000 } },
  failedSignIns: { most: 20, windowSeconds: 15 * MINUTE, ofAccount: 100, turnSeconds: 5 },
  declines: [
    { by: 'card', most: 4, windowSeconds: HOUR },
    { by: 'account', most: 8, windowSeconds: HOUR },
    { by: 'address', most: 100, windowSeconds: HOUR },
  ],
  atOnce: {
    free: 1_000,
    read: 400,
    write: 200,
    checkout: 600,
    cart: 200,
    'sign-in': 50,
    webhook: 200,
    upload: 20,
    follow: 2_000,
  },
  // Below the slots of every kind but uploads: one address never has all of a kind.
  atOnceByAddress: 40,
  streamsByAddress: 30,
  uploadsByStore: 4,
};

/** What each started 16 KiB of a body beyond the first cost to parse, in units. */
const BYTES_PER_UNIT = 16 * 1024;
export const unitsOfBody = (bytes: number): number =>
  Math.max(0, Math.ceil(bytes / BYTES_PER_UNIT) - 1);

/** 500 reads and 50 checkouts a second from one address, each for ten seconds at once. */
const LOCAL: Limits = {
  policies: [
    { name: 'address', by: 'address', kinds: SHOPPING, quota: 10_000, windowSeconds: 10 },
    { name: 'sign-in', by: 'address', kinds: ['sign-in'], quota: 6_000, windowSeconds: MINUTE },
    { name: 'webhook', by: 'address', kinds: ['webhook'], quota: 10_000, windowSeconds: 10 },
    { name: 'principal', by: 'principal', kinds: SHOPPING, quota: 20_000, windowSeconds: 10 },
    { name: 'store', by: 'store', kinds: SHOPPING, quota: 100_000, windowSeconds: 10 },
  ],
  units: { guest: { sku: 1_000, order: 10_000 }, account: { sku: 1_000, order: 10_000 } },
  failedSignIns: { most: 1_000, windowSeconds: MINUTE, ofAccount: 1_000, turnSeconds: 1 },
  // The provider's test cards are shared by everybody who tries something out.
  declines: [
    { by: 'card', most: 1_000, windowSeconds: MINUTE },
    { by: 'account', most: 1_000, windowSeconds: MINUTE },
    { by: 'address', most: 1_000, windowSeconds: MINUTE },
  ],
  atOnce: PRODUCTION.atOnce,
  // All of a developer's load comes from one address.
  atOnceByAddress: 2_000,
  streamsByAddress: 2_000,
  uploadsByStore: 10,
};

export type Profile = 'local' | 'production';
const PROFILES: Readonly<Record<Profile, Limits>> = { local: LOCAL, production: PRODUCTION };

const overrides = limits.partial().extend({
  atOnce: z.partialRecord(z.enum(CALL_KINDS), positive).optional(),
});

/** A profile with a deployment's overrides. Throws on values that make no sense. */
export const limitsOf = (profile: Profile, otherwise: unknown): Limits => {
  const base = PROFILES[profile];
  const {
    policies,
    units: unitsMax,
    declines: most,
    failedSignIns: signIns,
    atOnce,
    atOnceByAddress = base.atOnceByAddress,
    streamsByAddress = base.streamsByAddress,
    uploadsByStore = base.uploadsByStore,
  } = overrides.parse(otherwise ?? {});
  const all = {
    policies: policies ?? base.policies,
    units: unitsMax ?? base.units,
    declines: most ?? base.declines,
    failedSignIns: signIns ?? base.failedSignIns,
    atOnce: { ...base.atOnce, ...atOnce },
    atOnceByAddress,
    streamsByAddress,
    uploadsByStore,
  };
  for (const { name, kinds, quota } of all.policies) {
    const dearest = Math.max(...kinds.map((kind) => COSTS[kind]));
    if (quota < dearest) throw new Error(`the limit ${name} is below the cost of a call`);
  }
  return all;
};
