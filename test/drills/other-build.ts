// Lets the worker of another build come and go beside the shop's own, as deployments do.
import { testInstance } from '../../ops/instance.ts';
import { LOCAL_BUILD, promoteBuild } from '../../ops/promotion.ts';
import { startOwn, type OwnProcess } from '../support/own-processes.ts';

const OTHER = 'other-build';
/** How long the other build is the current one. */
const CURRENT_MS = 5_000;

const startOther = (): Promise<OwnProcess> => startOwn('worker', { HOLDFAST_BUILD_ID: OTHER });

const kill = async (worker: OwnProcess): Promise<void> => {
  worker.signal('SIGKILL');
  await worker.exited;
};

/**
 * A worker that is not promoted comes and goes, and moves nothing. Then one is promoted, takes over
 * what runs, is rolled back, and dies with what it has in work.
 */
export const rehearseOtherBuild = async (): Promise<void> => {
  await (await startOther()).end();
  const other = await startOther();
  try {
    await promoteBuild(testInstance(), OTHER, LOCAL_BUILD);
    await Bun.sleep(CURRENT_MS);
  } finally {
    await promoteBuild(testInstance(), LOCAL_BUILD, OTHER);
    await kill(other);
  }
};
