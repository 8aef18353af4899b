// The admission check: no stock is held for a payment that could not be made in time.
import type { Client } from '@temporalio/client';
import { temporal as wire } from '@temporalio/proto';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';

const PAYMENTS_QUEUE = 'payments';
const LOOK_EVERY_MS = 1_000;
/** A queue that takes more of the hold than this share is full. */
const HOLD_SHARE_MAX = 1 / 3;
const RETRY_AFTER_SECONDS_MAX = 60;

export interface Admission {
  /** UNAVAILABLE with seconds to wait, while the payments queue is too long. */
  assertOpen(): void;
  stop(): void;
}

export interface AdmissionDeps {
  temporal: TemporalConnection;
  telemetry: Telemetry;
  namespace: string;
  /** How many payment steps a second all workers together take. */
  stepsPerSecond: number;
  /** How long stock is held for a payment, in ms. */
  holdMs: number;
}

const backlogOf = async (client: Client, namespace: string): Promise<number> => {
  const { stats } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: PAYMENTS_QUEUE },
    taskQueueType: wire.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
  return Number(stats?.approximateBacklogCount ?? 0);
};

/**
 * Reads the queue's length once a second, outside of checkouts. A queue that cannot be read admits
 * orders: they are accepted and wait in Postgres.
 */
export const watchAdmission = (deps: AdmissionDeps): Admission => {
  const { temporal, telemetry, namespace, stepsPerSecond, holdMs } = deps;
  const wait = telemetry.gauge('holdfast_payments_wait_ms', 'Time a new payment would wait.');
  let waitMs = 0;
  const look = async (): Promise<void> => {
    try {
      const backlog = await backlogOf(await temporal.client(), namespace);
      waitMs = (backlog / stepsPerSecond) * 1000;
    } catch {
      waitMs = 0;
    }
    wait.set(waitMs);
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return {
    assertOpen: () => {
      if (waitMs <= holdMs * HOLD_SHARE_MAX) return;
      const retryAfterSeconds = Math.min(Math.ceil(waitMs / 3_000), RETRY_AFTER_SECONDS_MAX);
      throw new DomainError('UNAVAILABLE', 'payments are busy; try again later', {
        retryAfterSeconds,
      });
    },
    stop: () => clearInterval(timer),
  };
};
