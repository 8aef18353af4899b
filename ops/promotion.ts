// Promotes a build of the workflows on an instance of this machine.
import type { Instance } from './instance.ts';

/** How long the workers of the build may take to poll. */
const PATIENCE_MS = 60_000;

/** The build of an instance's worker, as processes/config.ts has it by default. */
export const LOCAL_BUILD = 'local';

const withClient = async <T>(
  instance: Instance,
  work: (
    deployment: typeof import('../workflows/client/deployment.ts'),
    client: import('@temporalio/client').Client,
  ) => Promise<T>,
): Promise<T> => {
  // Loaded here, because most commands need no client of Temporal.
  const { Client, Connection } = await import('@temporalio/client');
  const address = `127.0.0.1:${instance.port('temporal')}`;
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace: 'holdfast' });
    return await work(await import('../workflows/client/deployment.ts'), client);
  } finally {
    await connection.close();
  }
};

/** Makes a build the current one; refused when another than `from` is. */
export const promoteBuild = (
  instance: Instance,
  buildId: string,
  from: string | undefined,
): Promise<void> =>
  withClient(instance, ({ promote }, client) =>
    promote(client, { buildId, from, patienceMs: PATIENCE_MS }),
  );

/** Makes this instance's own build the current one, whatever was before: `up` replaces it. */
export const promoteLocal = (instance: Instance): Promise<void> =>
  withClient(instance, async ({ currentBuild, promote }, client) => {
    const from = await currentBuild(client);
    await promote(client, { buildId: LOCAL_BUILD, from, patienceMs: PATIENCE_MS });
  });
