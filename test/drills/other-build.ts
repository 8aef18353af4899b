// Lets the worker of another build come and go beside the shop's own, as deployments do.
import { Client, Connection } from '@temporalio/client';
import { LOCAL_BUILD } from '../../ops/promotion.ts';
import type { Shop } from '../support/shop.ts';
import { startOwn, type OwnProcess } from '../support/own-processes.ts';
import { currentBuild, promote } from '../../workflows/client/deployment.ts';

const OTHER = 'other-build';
/** How long the other build is the current one. */
const CURRENT_MS = 5_000;
/** How long a build's worker may take to poll. */
const PATIENCE_MS = 90_000;

const startOther = (): Promise<OwnProcess> => startOwn('worker', { HOLDFAST_BUILD_ID: OTHER });

/** A worker that is not promoted comes and goes, and moves nothing. */
const visit = async (client: Client): Promise<void> => {
  await (await startOther()).end();
  const current = await currentBuild(client);
  if (current !== LOCAL_BUILD) throw new Error(`${current} is the current build, not promoted`);
};

/** One is promoted, takes over what runs, is rolled back, and dies with what it has in work. */
const takeOver = async (client: Client): Promise<void> => {
  const other = await startOther();
  const patienceMs = PATIENCE_MS;
  try {
    await promote(client, { buildId: OTHER, from: LOCAL_BUILD, patienceMs });
    await Bun.sleep(CURRENT_MS);
  } finally {
    await promote(client, { buildId: LOCAL_BUILD, from: OTHER, patienceMs });
    other.signal('SIGKILL');
    await other.exited;
  }
};

export const rehearseOtherBuild = async ({ env }: Shop): Promise<void> => {
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  const client = new Client({ connection, namespace: 'holdfast' });
  try {
    await visit(client);
    await takeOver(client);
  } finally {
    await connection.close();
  }
};
