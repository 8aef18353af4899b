// Imports an uploaded catalogue: reads the file once, then writes its rows until it is paused.
import { condition, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { importActivities } from '../activities/index.ts';
import { importResumed, type ImportCatalogueInput } from './import-catalogue.contract.ts';

/** How often a paused import is checked without a signal, in case the signal was lost. */
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
