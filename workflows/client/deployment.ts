// Promotes a build of the workflows to the current one (Temporal's Worker Versioning).
import type { Client } from '@temporalio/client';
import { temporal as proto } from '@temporalio/proto';

/** All workers are one deployment; its versions are builds. */
export const DEPLOYMENT = 'holdfast';

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.api.enums.v1.TaskQueueType;

/** Every task queue, and what a worker of a build polls it for: all have activities. */
export const TASK_QUEUES = {
  orders: { hasWorkflows: true },
  payments: { hasWorkflows: false },
  fulfillment: { hasWorkflows: false },
  looks: { hasWorkflows: false },
  notifications: { hasWorkflows: false },
  imports: { hasWorkflows: true },
  recovery: { hasWorkflows: true },
} as const;
export type TaskQueue = keyof typeof TASK_QUEUES;

/** What a build has to serve before it can be the current one. */
const QUEUES = Object.entries(TASK_QUEUES).flatMap(([name, { hasWorkflows }]) => [
  ...(hasWorkflows ? [{ name, type: TASK_QUEUE_TYPE_WORKFLOW }] : []),
  { name, type: TASK_QUEUE_TYPE_ACTIVITY },
]);

/** Temporal lists a poller for some minutes after its last poll; one lasts a minute at most. */
const POLLED_WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 250;

interface Current {
  /** Undefined before the first promotion. */
  buildId: string | undefined;
  /** Makes a change fail when another one came first. */
  conflictToken: Uint8Array | undefined;
}

const NOT_FOUND = 5;

const readCurrent = async (client: Client): Promise<Current> => {
  const request = { namespace: client.options.namespace, deploymentName: DEPLOYMENT };
  try {
    const found = await client.workflowService.describeWorkerDeployment(request);
    const { currentDeploymentVersion } = found.workerDeploymentInfo?.routingConfig ?? {};
    return {
      buildId: currentDeploymentVersion?.buildId ?? undefined,
      conflictToken: found.conflictToken ?? undefined,
    };
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) throw error;
    return { buildId: undefined, conflictToken: undefined };
  }
};

export const currentBuild = async (client: Client): Promise<string | undefined> =>
  (await readCurrent(client)).buildId;

/** The task queues for which no worker of the build polls. */
export const queuesWithoutPollers = async (client: Client, buildId: string): Promise<string[]> => {
  const isServed = async ({ name, type }: (typeof QUEUES)[number]): Promise<boolean> => {
    const { namespace } = client.options;
    const request = { namespace, taskQueue: { name }, taskQueueType: type };
    const { pollers } = await client.workflowService.describeTaskQueue(request);
    return (pollers ?? []).some(({ deploymentOptions, lastAccessTime }) => {
      const polledMs = Number(lastAccessTime?.seconds ?? 0) * 1_000;
      return deploymentOptions?.buildId === buildId && Date.now() - polledMs < POLLED_WITHIN_MS;
    });
  };
  const served = await Promise.all(QUEUES.map(isServed));
  return [...new Set(QUEUES.filter((_, at) => !served[at]).map(({ name }) => name))];
};

export interface Promotion {
  buildId: string;
  /** The build that has to be the current one; undefined when there is none yet. */
  from: string | undefined;
  /** How long the build's workers may take to poll, in ms. */
  patienceMs: number;
}

const NOT_READY = 9;

/**
 * False while Temporal does not know yet all queues that it has seen the build's workers poll for:
 * it would refuse the build, as tasks of the others would stand still.
 */
const setCurrent = async (client: Client, buildId: string, { conflictToken }: Current) => {
  try {
    await client.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: client.options.namespace,
      deploymentName: DEPLOYMENT,
      buildId,
      identity: 'holdfast',
      ...(conflictToken && { conflictToken }),
    });
    return true;
  } catch (error) {
    const isNotReady = (error as { code?: number }).code === NOT_READY;
    if (!isNotReady) throw error;
    return false;
  }
};

/**
 * Makes a build the current one, once all of its queues have pollers. New workflows start on it;
 * running ones continue on it with their next task. A build that is current already stays so.
 * Refused when another build than `from` is current: a job that runs again changes nothing.
 */
export const promote = async (
  client: Client,
  { buildId, from, patienceMs }: Promotion,
): Promise<void> => {
  const untilMs = Date.now() + patienceMs;
  for (;;) {
    const current = await readCurrent(client);
    if (current.buildId === buildId) return;
    const missing = await queuesWithoutPollers(client, buildId);
    if (missing.length === 0) {
      if (current.buildId !== from) {
        const [is, wanted] = [current.buildId ?? 'none', from ?? 'none'];
        throw new Error(`the current build is ${is}, not ${wanted}: nothing was promoted`);
      }
      if (await setCurrent(client, buildId, current)) return;
    }
    if (Date.now() > untilMs) {
      const why = missing.length > 0 ? `polls for ${missing.join(', ')}` : 'is known to Temporal';
      throw new Error(`no worker of build ${buildId} ${why}`);
    }
    await Bun.sleep(LOOK_EVERY_MS);
  }
};

/**
 * The queues that nobody serves although their build is current: orders stand still there. Empty
 * before the first promotion.
 */
export const unservedQueues = async (client: Client): Promise<string[]> => {
  const buildId = await currentBuild(client);
  return buildId === undefined ? [] : queuesWithoutPollers(client, buildId);
};
