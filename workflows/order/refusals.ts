// Reads the refusal, with its stable code and message, from an activity's failure.
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { OrderEndReason } from '../../domain/order.ts';

/** A remote activity's failure is wrapped; a local activity's is not. */
const causeOf = (error: unknown): unknown =>
  error instanceof ActivityFailure ? error.cause : error;

/** The refusal behind a failed activity, or undefined when it failed for another reason. */
export const refusalIn = (error: unknown): OrderEndReason | undefined => {
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure) || !cause.nonRetryable || !cause.type)
    return undefined;
  return { code: cause.type, message: cause.message };
};

/** True when the activity's whole time was over without a result. */
export const ranOutOfTime = (error: unknown): boolean =>
  causeOf(error) instanceof TimeoutFailure ||
  (error instanceof ActivityFailure && error.retryState === 'TIMEOUT');

/** The provider's own text behind a refusal; for operators alone. */
export const providerTextIn = (error: unknown): string | undefined => {
  const cause = causeOf(error);
  const facts = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  const text = (facts as { providerText?: unknown } | undefined)?.providerText;
  return typeof text === 'string' ? text : undefined;
};
