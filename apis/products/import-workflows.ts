// Starts imports' workflows: after an upload, or later when Temporal was away.
import { waitAtMost } from '../../concurrency/deadline.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { listRunning } from '../../db/postgres/catalogue/imports.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import {
  IMPORT_CATALOGUE,
  importCatalogueId,
  importOptions,
  importResumed,
} from '../../workflows/import-catalogue.contract.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';
import { startWorkflow } from '../../workflows/client/start.ts';

/** An import without progress for this long may have lost its workflow. */
const IDLE_MS = 15_000;
const LOOK_EVERY_MS = 5_000;
const LOOKED_AT_MAX = 50;

export interface ImportWorkflows {
  /** Starts the workflow; after a failure the sweep starts it. */
  begin(importId: string): Promise<void>;
  /** Signals a paused workflow to continue, or starts another one for a retry. */
  goOn(importId: string): Promise<void>;
  stop(): Promise<void>;
}

export const startImportWorkflows = (
  pg: Pg,
  temporal: TemporalConnection,
  telemetry: Telemetry,
): ImportWorkflows => {
  const start = (importId: string): Promise<void> =>
    startWorkflow(temporal, IMPORT_CATALOGUE, importOptions(importId));
  const signal = async (importId: string): Promise<void> => {
    const client = await temporal.client();
    await client.workflow.getHandle(importCatalogueId(importId)).signal(importResumed);
  };
  const later = (error: unknown): void =>
    telemetry.log.error('import workflow start failed', error);
  const begin = (importId: string): Promise<void> => start(importId).catch(later);
  let running = true;
  let wake = Promise.withResolvers<void>();
  const sweep = async (): Promise<void> => {
    const waiting = await listRunning(pg, IDLE_MS, LOOKED_AT_MAX);
    for (const { id } of waiting) await start(id);
  };
  const loop = async (): Promise<void> => {
    while (running) {
      await sweep().catch(later);
      await waitAtMost(wake.promise, LOOK_EVERY_MS);
      wake = Promise.withResolvers();
    }
  };
  const done = loop();
  return {
    begin,
    goOn: async (importId) => {
      await begin(importId);
      await signal(importId).catch(later);
    },
    stop: async () => {
      running = false;
      wake.resolve();
      await done;
    },
  };
};
