// The import of a catalogue's file: its name, its queue, and what may be said to it.
import { defineSignal } from '@temporalio/workflow';

export const IMPORT_CATALOGUE = 'importCatalogue';
export const IMPORTS_QUEUE = 'imports';

/** One story at a time for an import; a retry of failed rows is another one under the same id. */
export const importCatalogueId = (importId: string): string => `import/${importId}`;

export interface ImportCatalogueInput {
  importId: string;
}

/** How an import's story is started, wherever it is started. */
export const importOptions = (importId: string) => ({
  workflowId: importCatalogueId(importId),
  taskQueue: IMPORTS_QUEUE,
  args: [{ importId }] as [ImportCatalogueInput],
  workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Import ${importId}`,
});

/** It is to go on; whether it really may is read from the import itself. */
export const importResumed = defineSignal('importResumed');
