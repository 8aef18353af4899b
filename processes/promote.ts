// Promotes a build of the workflows to the current one, once, after its workers have started.
import { Client, Connection } from '@temporalio/client';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { currentBuild, promote } from '../workflows/client/deployment.ts';
import { settingsOf } from './config.ts';

/** How long the workers of the build may take to start. */
const PATIENCE_MS = 5 * 60_000;

const config = settingsOf('promote');
const telemetry = createTelemetry('promote', 'info');

/** Without a setting a first deployment is promoted, and no other one is replaced. */
const fromOf = (setting: string | undefined): string | undefined =>
  setting === undefined || setting === 'none' ? undefined : setting;

try {
  const { HOLDFAST_TEMPORAL_ADDRESS: address, HOLDFAST_TEMPORAL_NAMESPACE: namespace } = config;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const { HOLDFAST_BUILD_ID: buildId, HOLDFAST_PROMOTE_FROM } = config;
  const before = await currentBuild(client);
  const from = fromOf(HOLDFAST_PROMOTE_FROM);
  await promote(client, { buildId, from, patienceMs: PATIENCE_MS });
  telemetry.log.info('build promoted', { buildId, before: before ?? 'none' });
  process.exit(0);
} catch (error) {
  telemetry.log.error('promotion failed', error);
  process.exit(1);
}
