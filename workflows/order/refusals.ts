// A refusal thrown by an activity, as the workflow sees it: its stable code and its sentence.
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { OrderEndReason } from '../../domain/order.ts';

/** A remote activity's failure is wrapped, a local one's comes as it was thrown. */
const causeOf = (error: unknown): unknown =>
  error instanceof ActivityFailure ? error.cause : error;

/** The refusal behind a failed activity, or undefined when it failed for another reason. */
export const refusalIn = (error: unknown): OrderEndReason | undefined => {
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure) || !cause.nonRetryable || !cause.type)
    return undefined;
  return { code: cause.type, message: cause.message };
};

/** True when the activity's whole time was over without an answer. */
export const ranOutOfTime = (error: unknown): boolean =>
  causeOf(error) instanceof TimeoutFailure ||
  (error instanceof ActivityFailure && error.retryState === 'TIMEOUT');
