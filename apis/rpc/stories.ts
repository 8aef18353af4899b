// How a door speaks to the stories in Temporal: never for long, and Postgres has the last word.
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { DomainError, isErrorCode } from '../../domain/errors.ts';
import type { LazyTemporal } from './temporal.ts';

const ASK_LIMIT_MS = 4_000;

const away = (cause: unknown): DomainError =>
  new DomainError('UNAVAILABLE', 'orders cannot be changed just now', { cause });

/** A story's refusal with its own code; a story that has ended can be asked nothing. */
const refusalOf = (error: unknown): DomainError => {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    if (isErrorCode(type)) return new DomainError(type, message, { cause: error });
  }
  if (error instanceof WorkflowNotFoundError) {
    return new DomainError('ILLEGAL_TRANSITION', 'the order is over', { cause: error });
  }
  return away(error);
};

/** Runs `work` for at most `limitMs`; what is not known by then is read from Postgres. */
export const within = async (work: Promise<unknown>, limitMs: number): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, limitMs);
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
};

/**
 * Asks a story for something and waits a little for it. ILLEGAL_TRANSITION when the story
 * refuses, UNAVAILABLE when Temporal is away; no answer in time is no error.
 */
export const askStory = async (
  temporal: LazyTemporal,
  workflowId: string,
  ask: (handle: WorkflowHandle) => Promise<unknown>,
): Promise<void> => {
  const client = await temporal.client().catch((cause: unknown) => {
    throw away(cause);
  });
  const asked = ask(client.workflow.getHandle(workflowId)).catch((error: unknown) => {
    throw refusalOf(error);
  });
  asked.catch(() => undefined);
  await within(asked, ASK_LIMIT_MS);
};

/** Starts a story; one that was started before stays as it is. */
export const startStory = async (
  temporal: LazyTemporal,
  name: string,
  options: Parameters<Client['workflow']['start']>[1],
): Promise<void> => {
  const client = await temporal.client();
  await client.workflow.start(name, options).catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') {
      throw error;
    }
  });
};
