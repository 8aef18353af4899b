// Limits failed payments and passwords, against the testing of stolen cards and credentials.
import type { Admission, LimitStore, PasswordAttempt, Subject } from '../../../db/redis/limits.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { DomainError, type ErrorCode } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { DeclinePolicy, Limits } from './profiles.ts';
import { siteOf } from './client-address.ts';
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
   * Tries a password of an account, whether it exists or not. A running attempt counts as a wrong
   * one until it is known to be right. RATE_LIMITED, also for the right password: a caller after
   * too many wrong ones, and unknown devices in turns after too many of all of them. A stranger
   * cannot slow a known device down.
   */
  signIn<T>(caller: PasswordCaller, signIn: () => Promise<T>): Promise<T>;
}

/** The caller that tries a password. */
export interface PasswordCaller {
  /** Of the account. */
  email: string;
  /** The caller's network address. */
  address: string;
  /** A device that has signed in to the account before, or a session of it. */
  device?: string | undefined;
}

/** What has come of an attempt, and for which order. */
export interface Paid {
  orderId: string;
  /** Made, waiting for the card's holder, or not known. */
  state: 'made' | 'awaited' | 'unknown';
}

/** Declined or unknown: a lost response is not a success. */
const COUNTED: readonly ErrorCode[] = ['CARD_DECLINED', 'UNAVAILABLE'];

/** A guest's e-mail is not proven: declines of a stranger must not keep its owner from buying. */
const accountOf = ({ account, address }: Attempt): string =>
  account.startsWith('guest/') ? `${account} ${address}` : account;

/** A mailed token needs no turn, and its browser is a known device from then on. */
const WAIT_OR_RESET =
  'too many sign-ins have failed: try later, or choose a new password by mail and sign in at once';

const subjectsOf = (policies: readonly DeclinePolicy[], attempt: Attempt): Subject[] =>
  policies.flatMap(({ by, most, windowSeconds }) => {
    const subject = by === 'account' ? accountOf(attempt) : attempt[by];
    if (subject === '') return [];
    return [{ key: `${by}:${hashed(subject)}`, most, windowMs: windowSeconds * 1_000 }];
  });

/** Counts one attempt by its id, and removes it after a success. */
interface Try {
  storeId: string;
  subjects: Subject[];
  id: string;
}

/** While Redis is away. */
const NOT_COUNTED: Admission = { waitMs: 0, isNew: false };

const counting = (store: LimitStore, telemetry: Telemetry) => {
  const refused = telemetry.counter(
    'holdfast_attempts_refused_total',
    'Payments and sign-ins refused after too many that failed.',
  );
  const failed =
    (storeId: string) =>
    (error: unknown): void =>
      telemetry.log.error('changing a counted attempt failed', error, { storeId });
  const assertNow = (waitMs: number, code: ErrorCode, message: string): void => {
    if (waitMs === 0) return;
    refused.inc();
    throw new DomainError(code, message, {
      retryAfterSeconds: Math.ceil(waitMs / 1_000),
    });
  };
  return {
    /** True for a first attempt, false for one that is counted. Throws `code` after too many. */
    note: async ({ storeId, subjects, id }: Try, code: ErrorCode, what: string) => {
      const one = await store.attempt(storeId, subjects, id).catch(() => NOT_COUNTED);
      assertNow(one.waitMs, code, `too many ${what} have failed: try later`);
      return one.isNew;
    },
    /** RATE_LIMITED until the turn of this caller. */
    notePassword: async (one: PasswordAttempt): Promise<void> => {
      const waitMs = await store.tryPassword(DEFAULT_STORE, one).catch(() => 0);
      assertNow(waitMs, 'RATE_LIMITED', WAIT_OR_RESET);
    },
    forgivePassword: (one: PasswordAttempt): Promise<void> =>
      store.forgivePassword(DEFAULT_STORE, one).catch(failed(DEFAULT_STORE)),
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
    const isNew = await note(one, 'TOO_MANY_DECLINES', 'payments');
    try {
      const paid = await pay();
      const { orderId, state } = stateOf(paid);
      if (state === 'made') await forgive(one);
      if (state === 'awaited') await awaiting(one, orderId);
      return paid;
    } catch (error) {
      // A refusal under a key that was declined before says nothing of that attempt.
      const isRefused = error instanceof DomainError && !COUNTED.includes(error.code);
      if (isRefused && isNew) await forgive(one);
      throw error;
    }
  };

/** A known device is counted by itself; any other with its network and with the account. */
const passwordCounts = (
  { note, notePassword, forgive, forgivePassword }: Counting,
  { most, ofAccount, windowSeconds, turnSeconds }: Limits['failedSignIns'],
  { email, address, device }: PasswordCaller,
) => {
  const id = crypto.randomUUID();
  const windowMs = windowSeconds * 1_000;
  const account = hashed(email);
  if (device !== undefined) {
    const subjects = [{ key: `device:${account}:${hashed(device)}`, most, windowMs }];
    const one = { storeId: DEFAULT_STORE, subjects, id };
    return {
      count: () => note(one, 'RATE_LIMITED', 'sign-ins of this device'),
      forgive: () => forgive(one),
    };
  }
  const caller = hashed(siteOf(address));
  const limits = { most, free: ofAccount, windowMs, gapMs: turnSeconds * 1_000 };
  const one = { id, account, caller, ...limits };
  return { count: () => notePassword(one), forgive: () => forgivePassword(one) };
};

const signingInOf =
  (counting: Counting, limits: Limits['failedSignIns']): Attempts['signIn'] =>
  async (caller, signIn) => {
    const { count, forgive } = passwordCounts(counting, limits, caller);
    await count();
    try {
      const signedIn = await signIn();
      await forgive();
      return signedIn;
    } catch (error) {
      const isWrong = error instanceof DomainError && error.code === 'INVALID_CREDENTIALS';
      if (!isWrong) await forgive();
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
