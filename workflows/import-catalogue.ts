// An uploaded catalogue: read once, then written row by row, for as long as nobody pauses it.
import { condition, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { importActivities } from '../activities/index.ts';
import { importResumed, type ImportCatalogueInput } from './import-catalogue.contract.ts';

/** A paused import looks by itself now and then, in case nobody's word came through. */
const LOOK_AGAIN = '6 hours';

const activities = proxyActivities<ReturnType<typeof importActivities>>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '2 days',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

export async function importCatalogue({ importId }: ImportCatalogueInput): Promise<void> {
  let resumed = 0;
  setHandler(importResumed, () => void resumed++);

  setCurrentDetails('reading the file');
  if ((await activities.checkImport(importId)) === 'unreadable') return;
  for (;;) {
    const before = resumed;
    setCurrentDetails('writing rows');
    const outcome = await activities.writeRows(importId);
    if (outcome === 'done') break;
    if (outcome === 'more') continue;
    setCurrentDetails('paused');
    await condition(() => resumed > before, LOOK_AGAIN);
  }
  await activities.endImport(importId);
}
