// Translates a DomainError in an activity to a non-retryable failure; other errors are retried.
import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { DomainError, type ErrorCode } from '../domain/errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { refusalsOf } from './refusal-codes.ts';

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

/** A refusal that its activity does not list is a fault of ours. */
const isListed = (activity: string, { code }: DomainError): boolean =>
  isPassing(code) || (refusalsOf(activity)?.includes(code) ?? true);

/** With `isStrict`, as in tests, a refusal that is not listed fails its activity. */
export const translatingRefusals =
  (telemetry: Telemetry, isStrict: boolean): ActivityInterceptorsFactory =>
  ({ info: { activityType: name, attempt } }) => {
    const failed = (error: unknown): unknown => {
      if (!(error instanceof DomainError)) {
        if (!(error instanceof ApplicationFailure)) {
          telemetry.log.error('activity failed', error, { name, attempt });
        }
        return error;
      }
      if (isListed(name, error)) return failureOf(error);
      telemetry.log.error('refusal not listed', error, { name, attempt });
      return isStrict ? new Error(`${name} refused with ${error.code}`) : failureOf(error);
    };
    return {
      inbound: {
        execute: (input, next) =>
          telemetry
            .timed('activity', name, () => next(input))
            .catch((error: unknown) => {
              throw failed(error);
            }),
      },
    };
  };
