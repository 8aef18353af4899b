// Drills: every fault, or those that are named, on the tests' instance; prints a table.
import { parseArgs } from 'node:util';
import { runDrill } from '../../test/faults/drill.ts';
import { FAULTS } from '../../test/faults/faults.ts';
import { shop as openShop } from '../../test/support/shop.ts';

const COUNT_DEFAULT = '100';

/** Answers the exit code: 1 when a promise was broken. */
export const drill = async (words: string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: words,
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: COUNT_DEFAULT },
    },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : Object.keys(FAULTS);
  const plan = { seed: Number(values.seed), count: Number(values.count) };
  const shop = await openShop();
  let code = 0;
  console.log(`${'fault'.padEnd(24)} orders  unknown  seconds  promises`);
  for (const name of names) {
    const { orders, unknown, seconds, broken } = await runDrill(shop, name, plan);
    const figures = [orders, unknown, seconds].map((one) => String(one).padStart(7)).join('  ');
    console.log(`${name.padEnd(22)} ${figures}  ${broken.length === 0 ? 'kept' : 'BROKEN'}`);
    for (const one of broken) console.log(`  ${one}`);
    if (broken.length > 0) code = 1;
    await shop.allReady();
  }
  await shop.sql.end();
  return code;
};
