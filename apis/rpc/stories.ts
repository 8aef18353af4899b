// How a door speaks to the stories in Temporal: never for long, and Postgres has the last word.
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Client, WorkflowHandle, WorkflowUpdateHandle } from '@temporalio/client';
import type { Pg } from '../../db/postgres/client.ts';
import { findOrder } from '../../db/postgres/orders/orders.ts';
import { DomainError, isErrorCode } from '../../domain/errors.ts';
import { isEnding } from '../../domain/order.ts';
import { fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import type { LazyTemporal } from './temporal.ts';

const UPDATE_LIMIT_MS = 4_000;

const away = (cause: unknown): DomainError =>
  new DomainError('UNAVAILABLE', 'orders cannot be changed just now', { cause });

/** A story's refusal with its own code. */
const refusalOf = (error: unknown): DomainError => {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    if (isErrorCode(type)) return new DomainError(type, message, { cause: error });
  }
  return away(error);
};

/** Nothing runs of an order: it is over, or its story has not begun yet and soon will. */
const notRunning = async (pg: Pg, id: string, cause: unknown): Promise<DomainError> => {
  const order = await findOrder(pg, id);
  if (order && !isEnding(order.status)) return away(cause);
  return new DomainError('ILLEGAL_TRANSITION', 'the order is over', { cause });
};

/** Runs `work` for at most `limitMs`; what is not known by then is read from Postgres. */
export const within = async (work: Promise<unknown>, limitMs: number): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, limitMs);
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
};

/** How an update is asked for: once it is accepted, it is in the story's history. */
export const UNTIL_ACCEPTED = { waitForStage: 'ACCEPTED' } as const;

/**
 * Asks an order's story for something and waits a little for it. ILLEGAL_TRANSITION when the story
 * refuses or is over; UNAVAILABLE when Temporal is away, the story has not begun, or nobody has
 * accepted it in time: ask again. What was accepted and takes longer is no error, it will be done.
 */
export const updateOrder = async (
  { pg, temporal }: { pg: Pg; temporal: LazyTemporal },
  orderId: string,
  input: (handle: WorkflowHandle) => Promise<WorkflowUpdateHandle<unknown>>,
): Promise<void> => {
  const client = await temporal.client().catch((cause: unknown) => {
    throw away(cause);
  });
  let accepted: WorkflowUpdateHandle<unknown> | undefined;
  const requested = input(client.workflow.getHandle(fulfillOrderId(orderId))).then(
    async (update) => {
      accepted = update;
      await update.result();
    },
  );
  const answered = requested.catch(async (error: unknown) => {
    const isThere = !(error instanceof WorkflowNotFoundError);
    throw isThere ? refusalOf(error) : await notRunning(pg, orderId, error);
  });
  answered.catch(() => undefined);
  await within(answered, UPDATE_LIMIT_MS);
  if (!accepted) throw away(new Error('no worker has accepted it in time'));
};

/** Starts a story; one that was started before stays as it is. */
export const startWorkflow = async (
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

/** What the story of an order is: running, closed, or not there. */
export const workflowState = async (
  client: Client,
  orderId: string,
): Promise<'running' | 'closed' | 'missing'> => {
  try {
    const { status } = await client.workflow.getHandle(fulfillOrderId(orderId)).describe();
    return status.name === 'RUNNING' ? 'running' : 'closed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'missing';
    throw error;
  }
};
