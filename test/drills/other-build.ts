// Lets the worker of another build come and go beside the shop's own, as deployments do.
import { Client, Connection } from '@temporalio/client';
import { LOCAL_BUILD } from '../../ops/promotion.ts';
import { currentBuild, promote } from '../../workflows/client/deployment.ts';
import { startOwn, type OwnProcess } from '../support/own-processes.ts';
import type { Shop } from '../support/shop.ts';
import { atRest, REST_LIMIT_MS } from './at-rest.ts';
import type { Fault } from './faults.ts';
import { brokenOfWaiting } from './open-orders.ts';
import type { Kinds } from './shoppers.ts';

const OTHER = 'other-build';
/** How long the other build is the current one while the last orders end. */
const CURRENT_MS = 5_000;
/** How long a build's worker may take to poll. */
const PATIENCE_MS = 90_000;

/** Of each kind of workflow there are some. */
const MIXED: Kinds = {
  pays: 25,
  authenticates: 10,
  cancels: 10,
  returns: 20,
  disputes: 20,
  goodwill: 15,
};

const withClient = async ({ env }: Shop, work: (client: Client) => Promise<void>) => {
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  const client = new Client({ connection, namespace: 'holdfast' });
  try {
    await work(client);
  } finally {
    await connection.close();
  }
};

const startOther = (): Promise<OwnProcess> => startOwn('worker', { HOLDFAST_BUILD_ID: OTHER });

/** A worker that is not promoted comes and goes, and moves nothing. */
const visit = async (client: Client): Promise<void> => {
  await (await startOther()).end();
  const current = await currentBuild(client);
  if (current !== LOCAL_BUILD) throw new Error(`${current} is the current build, not promoted`);
};

/**
 * Orders begin on another build, which is rolled back and dies with what it has in work when half
 * of them are sent. It takes over once more while the last ones end.
 */
export const otherBuild = (): Fault => {
  let other: OwnProcess | undefined;
  const take = async (client: Client): Promise<void> => {
    other = await startOther();
    await promote(client, { buildId: OTHER, from: LOCAL_BUILD, patienceMs: PATIENCE_MS });
  };
  const leave = async (client: Client): Promise<void> => {
    await promote(client, { buildId: LOCAL_BUILD, from: OTHER, patienceMs: PATIENCE_MS });
    other?.signal('SIGKILL');
    await other?.exited;
    other = undefined;
  };
  return {
    on: (shop) =>
      withClient(shop, async (client) => {
        await visit(client);
        await take(client);
      }),
    halfway: (shop) => withClient(shop, leave),
    meanwhile: (shop, workload) => atRest(() => brokenOfWaiting(shop, workload), REST_LIMIT_MS),
    off: (shop) => withClient(shop, leave),
    inDrain: (shop) =>
      withClient(shop, async (client) => {
        await take(client);
        await Bun.sleep(CURRENT_MS);
        await leave(client);
      }),
    lastsMs: 0,
    kinds: MIXED,
  };
};
