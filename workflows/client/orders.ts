// Sends updates and signals to an order's workflow and reads its state; Postgres is the authority.
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { temporal as temporalProto } from '@temporalio/proto';
import type { WorkflowHandle, WorkflowUpdateHandle } from '@temporalio/client';
import { waitAtMost } from '../../concurrency/deadline.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { requestLook } from '../../db/postgres/orders/looks.ts';
import { findOrder, type Order } from '../../db/postgres/orders/orders.ts';
import { DomainError, isErrorCode } from '../../domain/errors.ts';
import { isEnding } from '../../domain/order.ts';
import { cancelOrder, fulfillOrderId, paymentChanged } from '../fulfill-order.contract.ts';
import type { TemporalConnection } from './connection.ts';

const UPDATE_LIMIT_MS = 4_000;

const away = (cause: unknown): DomainError =>
  new DomainError('UNAVAILABLE', 'orders cannot be changed at the moment', { cause });

/** A workflow's refusal with its own code. */
const refusalOf = (error: unknown): DomainError => {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    if (isErrorCode(type)) return new DomainError(type, message, { cause: error });
  }
  return away(error);
};

/** No workflow runs: the order is over, or its workflow has not started yet. */
const notRunning = async (pg: Pg, id: string, cause: unknown): Promise<DomainError> => {
  const order = await findOrder(pg, id);
  if (order && !isEnding(order.status)) return away(cause);
  return new DomainError('ILLEGAL_TRANSITION', 'the order is over', { cause });
};

/** An accepted update is in the workflow's history and will be carried out. */
export const UNTIL_ACCEPTED = { waitForStage: 'ACCEPTED' } as const;

/**
 * Sends an update to a workflow of an order, its own by default, and waits up to 4 s for its
 * result. An accepted update that takes longer is no error. ILLEGAL_TRANSITION when the workflow
 * refuses it or is over; UNAVAILABLE when Temporal does not answer, the workflow has not started,
 * or no worker accepted in time.
 */
export const updateOrder = async (
  { pg, temporal }: { pg: Pg; temporal: TemporalConnection },
  orderId: string,
  start: (workflow: WorkflowHandle) => Promise<WorkflowUpdateHandle<unknown>>,
  workflowId: string = fulfillOrderId(orderId),
): Promise<void> => {
  const client = await temporal.client().catch((cause: unknown) => {
    throw away(cause);
  });
  let accepted: WorkflowUpdateHandle<unknown> | undefined;
  const workflow = client.workflow.getHandle(workflowId);
  const sent = start(workflow).then(async (update) => {
    accepted = update;
    await update.result();
  });
  const answered = sent.catch(async (error: unknown) => {
    const isThere = !(error instanceof WorkflowNotFoundError);
    throw isThere ? refusalOf(error) : await notRunning(pg, orderId, error);
  });
  await waitAtMost(answered, UPDATE_LIMIT_MS);
  if (!accepted) throw away(new Error('no worker has accepted it in time'));
};

/** Requests an order's cancellation, once: later requests join the first. As `updateOrder`. */
export const requestCancel = (
  deps: { pg: Pg; temporal: TemporalConnection },
  orderId: string,
): Promise<void> =>
  updateOrder(deps, orderId, (workflow) =>
    workflow.startUpdate(cancelOrder, { ...UNTIL_ACCEPTED, updateId: 'cancel' }),
  );

/**
 * Signals the workflow to read the payment at the provider, unless it was requested just now: the
 * workflow polls, too. Throws when no workflow runs.
 */
export const lookAtPayment = async (
  { pg, temporal }: { pg: Pg; temporal: TemporalConnection },
  order: Order,
): Promise<void> => {
  if (!(await requestLook(pg, order))) return;
  const client = await temporal.client();
  await client.workflow.getHandle(fulfillOrderId(order.id)).signal(paymentChanged);
};

/** A task that has failed this often fails by a bug or a bad deploy, not by a lost worker. */
const HALTED_ATTEMPTS = 3;

/**
 * Halted: it runs, and its code fails at its next step again and again. Completed: it has returned;
 * closed: it has ended otherwise.
 */
export type WorkflowState = 'running' | 'halted' | 'completed' | 'closed' | 'missing';

export const workflowState = async (
  temporal: TemporalConnection,
  workflowId: string,
): Promise<WorkflowState> => {
  const client = await temporal.client();
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe();
    if (status.name === 'COMPLETED') return 'completed';
    if (status.name !== 'RUNNING') return 'closed';
    return (raw.pendingWorkflowTask?.attempt ?? 0) >= HALTED_ATTEMPTS ? 'halted' : 'running';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'missing';
    throw error;
  }
};

/** How many of the newest events are read for it. */
const EVENTS_READ = 20;
const TASK_FAILED = temporalProto.api.enums.v1.EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED;

/** The text of the newest failure of the workflow's code, as far as its history has it. */
export const taskFailureOf = async (
  temporal: TemporalConnection,
  workflowId: string,
): Promise<string> => {
  const client = await temporal.client();
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: EVENTS_READ,
  });
  const failed = history?.events?.find(({ eventType }) => eventType === TASK_FAILED);
  return failed?.workflowTaskFailedEventAttributes?.failure?.message ?? 'no failure is recorded';
};
