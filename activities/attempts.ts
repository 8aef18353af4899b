// Reads the attempt and the queue time of a running activity, and makes the failure that repeats
// it.
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

/** The attempt's number, from 1. The ledger need not confirm the refusal of a first reserve. */
export const attemptNow = (): number => Context.current().info.attempt;

/** How long this attempt has waited in its task queue, in ms. */
export const queuedMsNow = (): number =>
  Math.max(0, Date.now() - Context.current().info.currentAttemptScheduledTimestampMs);

/** Temporal sees an attempt begin a little earlier than its worker does. */
const BEGUN_EARLIER_MS = 1_000;

/** A check that throws once this attempt has timed out at Temporal: its undo may have run. */
export const assertingInTime = (): (() => void) => {
  const { startToCloseTimeoutMs } = Context.current().info;
  const endsAtMs = Date.now() + startToCloseTimeoutMs - BEGUN_EARLIER_MS;
  return () => {
    if (Date.now() >= endsAtMs) throw new Error('the attempt is over');
  };
};

/** The awaited state is not reached yet. This is no fault; Temporal retries after `pollMs`. */
export const notYet = (message: string, pollMs: number): ApplicationFailure =>
  ApplicationFailure.create({
    message,
    nextRetryDelay: pollMs,
    category: ApplicationFailureCategory.BENIGN,
  });
