// Makes a build of the workflows the current one (Temporal's Worker Versioning).
import type { Client } from '@temporalio/client';

/** All workers are one deployment; its versions are builds. */
export const DEPLOYMENT = 'holdfast';

const TRIES_MAX = 60;
const TRY_AGAIN_MS = 250;

/**
 * Makes a build the current one and waits until it is. New workflows start on it; running ones
 * continue on it with their next task. Temporal knows a build once its workers have polled.
 */
export const makeCurrent = async (
  client: Client,
  namespace: string,
  buildId: string,
): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      await client.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName: DEPLOYMENT,
        buildId,
        identity: 'holdfast',
        ignoreMissingTaskQueues: true,
      });
      return;
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
      await Bun.sleep(TRY_AGAIN_MS);
    }
  }
};
