// Replays saved histories on Node, given the bundle's file and the histories; fails at the first
// fork.
import { readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

const [codePath = '', ...files] = process.argv.slice(2);
const workflowBundle = { code: readFileSync(codePath, 'utf8') };
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
for (const file of files) {
  const history: unknown = JSON.parse(readFileSync(file, 'utf8'));
  await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history));
  console.log(file);
}
