// Explores the workflows and prints what breaks: `bun test/exhaustion/main.ts FAULTS WALKS`.
import { exhaust, walk, type Findings } from './explore.ts';
import type { Attended } from './model.ts';
import { disputeModel } from './models/dispute.ts';
import { ORDER_MODEL } from './models/order.ts';
import { REFUND_MODEL } from './models/refund.ts';
import { returnModel } from './models/return.ts';
import type { Explored } from './run.ts';
import { virtualWorkflows } from './virtual.ts';

const SHOWN_MAX = 10;
const SEED = 20_261_129;

const [faults = '3', walks = '2000', planted = ''] = process.argv.slice(2);
const { fulfillOrder, returnOrder, refundOrder, settleDispute } = await virtualWorkflows(planted);

/** A planted bug is found by its first run. */
const stopAt = planted === '' ? Infinity : 1;
const findings: [string, Findings][] = [];
const explore = async <W extends Attended>(
  name: string,
  explored: Explored<W>,
  depth: number,
): Promise<void> => {
  findings.push([name, await exhaust(explored, { faults: depth, stopAt })]);
  findings.push([name, await walk(explored, { seed: SEED, count: Number(walks) })]);
};

const startedAt = performance.now();
await explore('order', { model: ORDER_MODEL, workflow: fulfillOrder }, Number(faults));
// Their points have more options: one fault less is as many runs.
const fewer = Number(faults) - 1;
await explore('return', { model: returnModel(false), workflow: returnOrder }, fewer);
await explore('inspected return', { model: returnModel(true), workflow: returnOrder }, fewer);
await explore('refund', { model: REFUND_MODEL, workflow: refundOrder }, fewer);
for (const by of ['rule', 'person'] as const) {
  const dispute = { model: disputeModel(by, false), workflow: settleDispute };
  await explore(`dispute by ${by}`, dispute, fewer);
  const inquiry = { model: disputeModel(by, true), workflow: settleDispute };
  await explore(`inquiry by ${by}`, inquiry, fewer);
}
const found = findings.flatMap(([name, one]) => one.found.map((broken) => ({ name, ...broken })));
for (const one of found.slice(0, SHOWN_MAX)) {
  console.log(`${one.name}: ${one.broken.join('; ')}\n  after ${one.faults.join(', then ')}`);
  for (const call of one.calls) console.log(`    ${call}`);
  console.log(`  HOLDFAST_WALK=${one.script.join()}`);
}
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
const runs = Map.groupBy(findings, ([name]) => name);
const sums = [...runs].map(
  ([name, all]) => `${name} ${all.reduce((sum, [, one]) => sum + one.runs, 0)}`,
);
console.log(`${sums.join(', ')} runs, ${found.length} broken, ${seconds} s`);
process.exit(found.length > 0 ? 1 : 0);
