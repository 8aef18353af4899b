// Limits failed payments and passwords, against the testing of stolen cards and credentials.
import type { LimitStore, Subject } from '../../../db/redis/limits.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { DomainError, type ErrorCode } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { DeclinePolicy, Limits } from './profiles.ts';
import { hashed } from './rates.ts';

/** One attempt to pay; a repeated request has the same id. */
export interface Attempt {
  storeId: string;
  id: string;
  card: string;
  address: string;
  /** An account, a guest's e-mail, or the order that is paid. */
  account: string;
}

export interface Attempts {
  /**
   * Runs `pay`, which may be declined (CARD_DECLINED). A running or undecided payment counts as a
   * decline until it is known to be none, so that parallel attempts gain nothing.
   * TOO_MANY_DECLINES.
   */
  pay<T>(attempt: Attempt, pay: () => Promise<T>, isDecided: (paid: T) => boolean): Promise<T>;
  /**
   * Tries a password of an address, whether it has an account or not. A running attempt counts as a
   * wrong one until it is known to be right. RATE_LIMITED, also for the right password.
   */
  signIn<T>(email: string, signIn: () => Promise<T>): Promise<T>;
}

/** Declined or unknown: a lost response is not a success. */
const COUNTED: readonly ErrorCode[] = ['CARD_DECLINED', 'UNAVAILABLE'];

const subjectsOf = (policies: readonly DeclinePolicy[], attempt: Attempt): Subject[] =>
  policies.flatMap(({ by, most, windowSeconds }) => {
    const subject = attempt[by];
    if (subject === '') return [];
    return [{ key: `${by}:${hashed(subject)}`, most, windowMs: windowSeconds * 1_000 }];
  });

/** Counts one attempt by its id, and removes it after a success. */
interface Try {
  storeId: string;
  subjects: Subject[];
  id: string;
}

const counting = (store: LimitStore, telemetry: Telemetry) => {
  const refused = telemetry.counter(
    'holdfast_attempts_refused_total',
    'Payments and sign-ins refused after too many that failed.',
  );
  return {
    /** Throws `code` while too many attempts have failed. */
    note: async ({ storeId, subjects, id }: Try, code: ErrorCode, what: string): Promise<void> => {
      const waitMs = await store.attempt(storeId, subjects, id).catch(() => 0);
      if (waitMs === 0) return;
      refused.inc();
      throw new DomainError(code, `too many ${what} have failed: try later`, {
        retryAfterSeconds: Math.ceil(waitMs / 1_000),
      });
    },
    forgive: ({ storeId, subjects, id }: Try): Promise<void> =>
      store.forgive(storeId, subjects, id).catch((error: unknown) => {
        telemetry.log.error('removing a counted attempt failed', error, { storeId });
      }),
  };
};

type Counting = ReturnType<typeof counting>;

const payingOf =
  ({ note, forgive }: Counting, policies: readonly DeclinePolicy[]): Attempts['pay'] =>
  async (attempt, pay, isDecided) => {
    const { storeId } = attempt;
    const one = { storeId, subjects: subjectsOf(policies, attempt), id: hashed(attempt.id) };
    await note(one, 'TOO_MANY_DECLINES', 'payments');
    try {
      const paid = await pay();
      if (isDecided(paid)) await forgive(one);
      return paid;
    } catch (error) {
      if (error instanceof DomainError && !COUNTED.includes(error.code)) await forgive(one);
      throw error;
    }
  };

const signingInOf =
  (
    { note, forgive }: Counting,
    { most, windowSeconds }: Limits['failedSignIns'],
  ): Attempts['signIn'] =>
  async (email, signIn) => {
    const subjects = [{ key: `sign-in:${hashed(email)}`, most, windowMs: windowSeconds * 1_000 }];
    const one = { storeId: DEFAULT_STORE, subjects, id: crypto.randomUUID() };
    await note(one, 'RATE_LIMITED', 'sign-ins of this address');
    try {
      const signedIn = await signIn();
      await forgive(one);
      return signedIn;
    } catch (error) {
      const isWrong = error instanceof DomainError && error.code === 'INVALID_CREDENTIALS';
      if (!isWrong) await forgive(one);
      throw error;
    }
  };

/**
 * Attempts are not counted while Redis is unavailable. Inventory then holds no stock on a first
 * attempt, and no card is charged before a hold; passwords are limited by the caller's address.
 */
export const createAttempts = (
  { declines, failedSignIns }: Pick<Limits, 'declines' | 'failedSignIns'>,
  store: LimitStore,
  telemetry: Telemetry,
): Attempts => {
  const counts = counting(store, telemetry);
  return { pay: payingOf(counts, declines), signIn: signingInOf(counts, failedSignIns) };
};
