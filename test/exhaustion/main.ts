// Explores the order's workflow and prints what breaks: `bun test/exhaustion/main.ts FAULTS WALKS`.
// A planted bug is given as JSON {file, right, wrong}: its line is replaced as its file is loaded.
import { plugin } from 'bun';
import { resolve } from 'node:path';
import { readFileSync } from 'node:fs';
import { exhaust, walk, type Explored } from './explore.ts';
import * as runtime from './runtime.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOWN_MAX = 10;
const SEED = 20_261_129;

interface Bug {
  file: string;
  right: string;
  wrong: string;
}

const [faults = '2', walks = '2000', planted = ''] = process.argv.slice(2);
const bug = planted === '' ? undefined : (JSON.parse(planted) as Bug);

plugin({
  name: 'the workflows, in virtual time',
  setup: (build) => {
    build.module('@temporalio/workflow', () => ({ exports: { ...runtime }, loader: 'object' }));
    if (!bug) return;
    const path = resolve(ROOT, bug.file);
    build.onLoad({ filter: new RegExp(`${RegExp.escape(bug.file)}$`) }, () => {
      const parts = readFileSync(path, 'utf8').split(bug.right);
      if (parts.length !== 2) throw new Error(`${bug.file} does not have the line once`);
      return { contents: parts.join(bug.wrong), loader: 'ts' };
    });
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
