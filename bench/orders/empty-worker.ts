// The worker of the empty workflow, as a separate process; its argument is Temporal's address.
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';

export interface Nothing {
  nothing(): Promise<void>;
}

export const EMPTY_QUEUE = 'bench-empty';

if (import.meta.main) {
  const [address = ''] = process.argv.slice(2);
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('WARN') });
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    namespace: 'holdfast',
    taskQueue: EMPTY_QUEUE,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: new URL('./empty-workflow.ts', import.meta.url).pathname,
    }),
    activities: { nothing: async () => undefined } satisfies Nothing,
    reuseV8Context: true,
    maxCachedWorkflows: 2_000,
  });
  await worker.run();
}
