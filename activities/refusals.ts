// Translates a DomainError in an activity to a non-retryable failure; other errors are retried.
import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { DomainError, type ErrorCode } from '../domain/errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Refusals that are temporary: a later call may succeed. */
const PASSING: readonly ErrorCode[] = [
  'UNAVAILABLE',
  'REBUILDING',
  'RATE_LIMITED',
  'IDEMPOTENCY_KEY_IN_FLIGHT',
];

export const isPassing = (code: ErrorCode): boolean => PASSING.includes(code);

const failureOf = (error: DomainError): ApplicationFailure =>
  ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !isPassing(error.code),
    details: [error.facts],
    ...(error.retryAfterSeconds && { nextRetryDelay: error.retryAfterSeconds * 1000 }),
  });

export const translatingRefusals =
  (telemetry: Telemetry): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      execute: (input, next) =>
        telemetry
          .timed('activity', info.activityType, () => next(input))
          .catch((error: unknown) => {
            if (error instanceof DomainError) throw failureOf(error);
            if (!(error instanceof ApplicationFailure)) {
              const { attempt } = info;
              telemetry.log.error('activity failed', error, { name: info.activityType, attempt });
            }
            throw error;
          }),
    },
  });
