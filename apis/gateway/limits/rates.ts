// Counts the calls of an address, a principal and a store in Redis, and refuses above the limits.
import { createHash } from 'node:crypto';
import { withDeadline } from '../../../concurrency/deadline.ts';
import type { Bucket, Level, LimitStore } from '../../../db/redis/limits.ts';
import { DomainError } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { CallKind } from '../../http/gate.ts';
import { createLocalRates } from './local-rates.ts';
import { COSTS, type Policy } from './profiles.ts';

/** The longest wait for Redis before the call is counted locally. */
const ANSWER_LIMIT_MS = 500;
/** How long Redis is skipped after it did not answer. */
const AWAY_MS = 1_000;
/** A refused bucket is remembered this long at most, so that a flood costs Redis nothing. */
const REMEMBERED_MS_MAX = 250;
const REMEMBERED_MAX = 10_000;

/** The subjects a call counts against; a policy without its subject is skipped. */
export interface Subjects {
  storeId: string;
  address?: string | undefined;
  principal?: string | undefined;
  store?: string | undefined;
}

export interface Rates {
  /**
   * Takes `units`, by default the kind's cost, from every bucket of these subjects, or from none.
   * Writes the RateLimit fields. RATE_LIMITED with the seconds to wait.
   */
  take(kind: CallKind, subjects: Subjects, headers: Headers, units?: number): Promise<void>;
}

interface Wanted extends Bucket {
  policy: Policy;
}

/** Credentials and addresses are hashed, so that Redis does not store them. */
export const hashed = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 22);

const wantedOf = (policies: readonly Policy[], kind: CallKind, subjects: Subjects): Wanted[] =>
  policies.flatMap((policy) => {
    const subject = subjects[policy.by];
    if (!subject || !policy.kinds.includes(kind)) return [];
    const key = `${policy.name}:${hashed(subject)}`;
    return [{ policy, key, quota: policy.quota, windowMs: policy.windowSeconds * 1_000 }];
  });

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/**
 * RateLimit and RateLimit-Policy as structured fields (draft-ietf-httpapi-ratelimit-headers-10). A
 * call's later charges are listed beside its first ones; the newest of one name replaces it.
 */
const writeFields = (headers: Headers, wanted: Wanted[], levels: Level[]): void => {
  const others = (name: string): string[] =>
    (headers.get(name) ?? '')
      .split(', ')
      .filter((item) => item && !wanted.some(({ policy }) => item.startsWith(`"${policy.name}"`)));
  const policies = wanted.map(
    ({ policy: { name, quota, windowSeconds } }) => `"${name}";q=${quota};w=${windowSeconds}`,
  );
  const limits = wanted.map(({ policy }, at) => {
    const { left = 0, fullInMs = 0 } = levels[at] ?? {};
    return `"${policy.name}";r=${left};t=${Math.ceil(fullInMs / 1_000)}`;
  });
  headers.set('ratelimit-policy', [...others('ratelimit-policy'), ...policies].join(', '));
  headers.set('ratelimit', [...others('ratelimit'), ...limits].join(', '));
};

const refusal = (wanted: Wanted[], levels: Level[]): DomainError | undefined => {
  const violated = wanted.filter((_, at) => (levels[at]?.waitMs ?? 0) > 0);
  if (violated.length === 0) return undefined;
  const waitMs = Math.max(...levels.map((level) => level.waitMs));
  return new DomainError('RATE_LIMITED', 'too many calls: slow down', {
    retryAfterSeconds: seconds(waitMs),
    facts: { violatedPolicies: violated.map(({ policy }) => policy.name) },
  });
};

/** Remembers refusals until the bucket has enough again. */
const rememberRefusals = () => {
  const known = new Map<string, { levels: Level[]; until: number }>();
  return {
    find: (key: string): Level[] | undefined => {
      const hit = known.get(key);
      if (hit && hit.until > performance.now()) return hit.levels;
      known.delete(key);
      return undefined;
    },
    note: (key: string, levels: Level[]): void => {
      const waitMs = Math.max(...levels.map((level) => level.waitMs));
      if (waitMs <= 0) return;
      if (known.size >= REMEMBERED_MAX) known.clear();
      known.set(key, { levels, until: performance.now() + Math.min(waitMs, REMEMBERED_MS_MAX) });
    },
  };
};

const late = (): Error => new Error('Redis does not answer');

/** Takes from Redis within a deadline, and locally for a while after Redis failed. */
const redisOrLocal = (store: LimitStore, telemetry: Telemetry) => {
  const local = createLocalRates();
  const away = telemetry.counter('holdfast_limits_local_total', 'Limits taken without Redis.');
  let awayUntil = 0;
  return async (storeId: string, buckets: Bucket[], cost: number): Promise<Level[]> => {
    if (performance.now() > awayUntil) {
      const taken = () => store.take(storeId, buckets, cost);
      const levels = await withDeadline(taken, ANSWER_LIMIT_MS, late).catch(() => undefined);
      if (levels) return levels;
      awayUntil = performance.now() + AWAY_MS;
    }
    away.inc();
    return local.take(storeId, buckets, cost);
  };
};

export const createRates = (
  policies: readonly Policy[],
  store: LimitStore,
  telemetry: Telemetry,
): Rates => {
  const take = redisOrLocal(store, telemetry);
  const refusals = rememberRefusals();
  const refused = telemetry.counter('holdfast_limited_total', 'Calls refused, by policy.', [
    'policy',
  ]);
  return {
    take: async (kind, subjects, headers, cost = COSTS[kind]) => {
      const wanted = wantedOf(policies, kind, subjects);
      if (cost === 0 || wanted.length === 0) return;
      const memo = `${subjects.storeId}/${cost}/${wanted.map(({ key }) => key).join('/')}`;
      const levels = refusals.find(memo) ?? (await take(subjects.storeId, wanted, cost));
      writeFields(headers, wanted, levels);
      const error = refusal(wanted, levels);
      if (!error) return;
      refusals.note(memo, levels);
      for (const name of error.facts['violatedPolicies'] as string[]) refused.inc({ policy: name });
      throw error;
    },
  };
};
