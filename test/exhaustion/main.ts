// Explores the order's workflow and prints what breaks: `bun test/exhaustion/main.ts FAULTS WALKS`.
import { exhaust, walk, type Explored } from './explore.ts';
import { virtualWorkflow } from './virtual.ts';

const SHOWN_MAX = 10;
const SEED = 20_261_129;

const [faults = '3', walks = '2000', planted = ''] = process.argv.slice(2);
const fulfillOrder = await virtualWorkflow(planted);

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
  console.log(`  HOLDFAST_WALK=${one.script.join()}`);
}
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
console.log(`${runs} runs, ${found.length} broken, ${seconds} s`);
process.exit(found.length > 0 ? 1 : 0);
