// The name, queue, id and signal of the workflow that imports a catalogue's file.
import { defineSignal } from '@temporalio/workflow';

export const IMPORT_CATALOGUE = 'importCatalogue';
export const IMPORTS_QUEUE = 'imports';

/** One workflow at a time for an import; a retry of failed rows runs under the same id. */
export const importCatalogueId = (importId: string): string => `import/${importId}`;

export interface ImportCatalogueInput {
  importId: string;
}

/** The options of an import's workflow start. */
export const importOptions = (importId: string) => ({
  workflowId: importCatalogueId(importId),
  taskQueue: IMPORTS_QUEUE,
  args: [{ importId }] as [ImportCatalogueInput],
  workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: `Import ${importId}`,
});

/** The import may continue; the workflow reads from the import whether it really may. */
export const importResumed = defineSignal('importResumed');
