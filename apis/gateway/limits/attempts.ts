// Limits failed payments and passwords, against the testing of stolen cards and credentials.
import type { LimitStore, Subject } from '../../../db/redis/limits.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { DomainError, type ErrorCode } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { DeclinePolicy, Limits } from './profiles.ts';
import { hashed } from './rates.ts';

/** One attempt to pay with one card. */
export interface Attempt {
  storeId: string;
  /** The caller's key: the same one of the same account and card is the same attempt. */
  key: string;
  card: string;
  address: string;
  /** An account, a guest's e-mail, or the order that is paid. */
  account: string;
}

export interface Attempts {
  /**
   * Runs `pay`, which may be declined (CARD_DECLINED). A running payment, and one whose bank waits
   * for the card's holder, counts as a decline until it is known to be made: parallel attempts and
   * challenges that nobody answers gain nothing. TOO_MANY_DECLINES.
   */
  pay<T>(attempt: Attempt, pay: () => Promise<T>, stateOf: (paid: T) => Paid): Promise<T>;
  /** An order is paid: its attempts no longer count. */
  paid(storeId: string, orderId: string): Promise<void>;
  /**
   * Tries a password of an address, whether it has an account or not. A running attempt counts as a
   * wrong one until it is known to be right. RATE_LIMITED, also for the right password.
   */
  signIn<T>(email: string, signIn: () => Promise<T>): Promise<T>;
}

/** What has come of an attempt, and for which order. */
export interface Paid {
  orderId: string;
  /** Made, waiting for the card's holder, or not known. */
  state: 'made' | 'awaited' | 'unknown';
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
  const failed =
    (storeId: string) =>
    (error: unknown): void =>
      telemetry.log.error('changing a counted attempt failed', error, { storeId });
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
      store.forgive(storeId, subjects, id).catch(failed(storeId)),
    awaiting: ({ storeId, subjects, id }: Try, orderId: string): Promise<void> =>
      store.noteAwaited(storeId, orderId, subjects, id).catch(failed(storeId)),
    paid: (storeId: string, orderId: string): Promise<void> =>
      store.forgiveAwaited(storeId, orderId).catch(failed(storeId)),
  };
};

type Counting = ReturnType<typeof counting>;

/** Of one account and one card: a key that others use, too, is another attempt. */
const idOf = ({ account, key, card }: Attempt): string =>
  hashed(JSON.stringify([account, key, card]));

const payingOf =
  ({ note, forgive, awaiting }: Counting, policies: readonly DeclinePolicy[]): Attempts['pay'] =>
  async (attempt, pay, stateOf) => {
    const { storeId } = attempt;
    const one = { storeId, subjects: subjectsOf(policies, attempt), id: idOf(attempt) };
    await note(one, 'TOO_MANY_DECLINES', 'payments');
    try {
      const paid = await pay();
      const { orderId, state } = stateOf(paid);
      if (state === 'made') await forgive(one);
      if (state === 'awaited') await awaiting(one, orderId);
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
  const { paid } = counts;
  return { pay: payingOf(counts, declines), paid, signIn: signingInOf(counts, failedSignIns) };
};
