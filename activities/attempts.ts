// Which try of an activity this is, and how one says that it is to be tried again.
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

/** 1 for the first; so that only a first reserve may be refused without asking the ledger. */
export const attemptNow = (): number => Context.current().info.attempt;

/** How long this try has waited in its queue for somebody to take it, in ms. */
export const queuedMsNow = (): number =>
  Math.max(0, Date.now() - Context.current().info.currentAttemptScheduledTimestampMs);

/** What is waited for is not there yet: no fault, looked at again in `pollMs`. */
export const notYet = (message: string, pollMs: number): ApplicationFailure =>
  ApplicationFailure.create({
    message,
    nextRetryDelay: pollMs,
    category: ApplicationFailureCategory.BENIGN,
  });
