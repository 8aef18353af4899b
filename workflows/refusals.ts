// A refusal thrown by an activity, as the workflow sees it: its stable code and its sentence.
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { OrderEndReason } from '../domain/order.ts';

/** The refusal behind a failed activity, or undefined when it failed for another reason. */
export const refusalIn = (error: unknown): OrderEndReason | undefined => {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || !cause.nonRetryable || !cause.type) return undefined;
  return { code: cause.type, message: cause.message };
};

/** True when the activity's whole time was over without an answer. */
export const ranOutOfTime = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  (error.cause instanceof TimeoutFailure || error.retryState === 'TIMEOUT');
