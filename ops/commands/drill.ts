// Drills: every fault, or those that are named, on the tests' instance; prints a table.
import { parseArgs } from 'node:util';
import { runDrill } from '../../test/faults/drill.ts';
import { FAULTS } from '../../test/faults/faults.ts';
import { PLANTED, withPlanted } from '../../test/faults/planted.ts';
import { KINDS, type Plan } from '../../test/faults/workload.ts';
import { shop as openShop, type Shop } from '../../test/support/shop.ts';

const COUNT_DEFAULT = '100';
/** In a hundred; an order that nobody pays is open as long as its window. */
const ABANDONED = 4;
const ABANDONED_WINDOW_MS = '120000';

const report = (name: string, figures: number[], verdict: string, broken: string[]): void => {
  const cells = figures.map((one) => String(one).padStart(7)).join('  ');
  console.log(`${name.padEnd(26)} ${cells}  ${verdict}`);
  for (const one of broken) console.log(`  ${one}`);
};

/** Answers how many faults broke a promise. */
const drillFaults = async (shop: Shop, names: string[], plan: Plan): Promise<number> => {
  let failures = 0;
  for (const name of names) {
    const { orders, unknown, seconds, broken } = await runDrill(shop, name, plan);
    const verdict = broken.length === 0 ? 'kept' : 'BROKEN';
    report(name, [orders, unknown, seconds], verdict, broken);
    if (broken.length > 0) failures++;
    await shop.allReady();
  }
  return failures;
};

/** Answers how many planted bugs were not seen. */
const drillPlanted = async (shop: Shop): Promise<number> => {
  let failures = 0;
  for (const [name, planted] of Object.entries(PLANTED)) {
    const { fault, plan, breaks } = planted;
    const drilled = await withPlanted(shop, planted, () => runDrill(shop, fault, plan));
    const { orders, unknown, seconds, broken } = drilled;
    const isSeen = breaks.every((one) => broken.some((text) => text.startsWith(one)));
    report(name, [orders, unknown, seconds], isSeen ? 'seen' : 'MISSED', broken);
    if (!isSeen) failures++;
    await shop.allReady();
  }
  return failures;
};

/** Answers the exit code: 1 when a promise was broken, or a planted bug not seen. */
export const drill = async (words: string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: words,
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: COUNT_DEFAULT },
      planted: { type: 'boolean', default: false },
      abandoned: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : Object.keys(FAULTS);
  const kinds = values.abandoned ? { abandons: ABANDONED, ...KINDS } : KINDS;
  if (values.abandoned) process.env['HOLDFAST_PAYMENT_WINDOW_MS'] = ABANDONED_WINDOW_MS;
  const plan = { seed: Number(values.seed), count: Number(values.count), kinds };
  const shop = await openShop();
  console.log(`${'fault'.padEnd(26)}  orders  unknown  seconds  promises`);
  const failures = values.planted ? await drillPlanted(shop) : await drillFaults(shop, names, plan);
  await shop.sql.end();
  return failures > 0 ? 1 : 0;
};
