// Against the testing of stolen cards: too many declines by card, address or account, and no more.
import type { LimitStore, Subject } from '../../../db/redis/limits.ts';
import { DomainError, type ErrorCode } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { DeclinePolicy } from './profiles.ts';
import { hashed } from './rates.ts';

/** One attempt to pay: its id is the same when the same attempt is sent again. */
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
   * Runs `pay`, which may be declined (CARD_DECLINED). What is under way or not decided counts
   * like a decline until it is known to be none: many at once gain nothing. TOO_MANY_DECLINES.
   */
  pay<T>(attempt: Attempt, pay: () => Promise<T>, isDecided: (paid: T) => boolean): Promise<T>;
}

/** Declined, or nobody knows: a lost answer is no good one. */
const COUNTED: readonly ErrorCode[] = ['CARD_DECLINED', 'UNAVAILABLE'];

const subjectsOf = (policies: readonly DeclinePolicy[], attempt: Attempt): Subject[] =>
  policies.flatMap(({ by, most, windowSeconds }) => {
    const subject = attempt[by];
    if (subject === '') return [];
    return [{ key: `${by}:${hashed(subject)}`, most, windowMs: windowSeconds * 1_000 }];
  });

/**
 * While Redis is away attempts are not counted: Inventory holds no stock on a first attempt then,
 * and no card is asked before there is a hold.
 */
export const createAttempts = (
  policies: readonly DeclinePolicy[],
  store: LimitStore,
  telemetry: Telemetry,
): Attempts => {
  const refused = telemetry.counter(
    'holdfast_attempts_refused_total',
    'Payments refused after too many declines.',
  );
  const note = async (attempt: Attempt, subjects: Subject[], id: string): Promise<void> => {
    const waitMs = await store.attempt(attempt.storeId, subjects, id).catch(() => 0);
    if (waitMs === 0) return;
    refused.inc();
    throw new DomainError('TOO_MANY_DECLINES', 'too many payments have failed: try later', {
      retryAfterSeconds: Math.ceil(waitMs / 1_000),
    });
  };
  return {
    pay: async (attempt, pay, isDecided) => {
      const subjects = subjectsOf(policies, attempt);
      const id = hashed(attempt.id);
      await note(attempt, subjects, id);
      const forgive = () =>
        store.forgive(attempt.storeId, subjects, id).catch((error: unknown) => {
          telemetry.log.error('attempt not forgiven', error, { storeId: attempt.storeId });
        });
      try {
        const paid = await pay();
        if (isDecided(paid)) await forgive();
        return paid;
      } catch (error) {
        if (error instanceof DomainError && !COUNTED.includes(error.code)) await forgive();
        throw error;
      }
    },
  };
};
