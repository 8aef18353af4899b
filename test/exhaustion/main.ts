// Explores the order's workflow and prints what breaks: `bun test/exhaustion/main.ts FAULTS WALKS`.
// A planted bug is given as JSON {file, right, wrong}: its line is replaced as its file is loaded.
import { plugin } from 'bun';
import { exhaust, walk, type Explored } from './explore.ts';
import { withLine, type PlantedLine } from '../support/planted-line.ts';
import * as runtime from './runtime.ts';

const SHOWN_MAX = 10;
const SEED = 20_261_129;

const [faults = '3', walks = '2000', planted = ''] = process.argv.slice(2);
const bug = planted === '' ? undefined : (JSON.parse(planted) as PlantedLine);

plugin({
  name: 'the workflows, in virtual time',
  setup: (build) => {
    build.module('@temporalio/workflow', () => ({ exports: { ...runtime }, loader: 'object' }));
    if (!bug) return;
    build.onLoad({ filter: new RegExp(`${RegExp.escape(bug.file)}$`) }, () => ({
      contents: withLine(bug),
      loader: 'ts',
    }));
  },
});

const { fulfillOrder } = await import('../../workflows/fulfill-order.ts');

const startedAt = performance.now();
const explored: Explored[] = [
  await exhaust(fulfillOrder, Number(faults)),
  await walk(fulfillOrder, { seed: SEED, count: Number(walks) }),
];
const runs = explored.reduce((sum, one) => sum + one.runs, 0);
const found = explored.flatMap((one) => one.found);
for (const one of found.slice(0, SHOWN_MAX)) {
  console.log(`${one.broken.join('; ')}\n  after ${one.faults.join(', then ')}`);
  for (const call of one.calls) console.log(`    ${call}`);
}
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
console.log(`${runs} runs, ${found.length} broken, ${seconds} s`);
process.exit(found.length > 0 ? 1 : 0);
