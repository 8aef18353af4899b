// Runs drills, all faults or the named ones, on the tests' instance and prints a table.
import { runCatalogueDrill } from '../../test/drills/catalogue/drill.ts';
import { ROAD_FAULTS } from '../../test/drills/catalogue/faults.ts';
import { runDrill } from '../../test/drills/drill.ts';
import { FAULTS } from '../../test/drills/faults.ts';
import { PLANTED, withPlanted } from '../../test/drills/planted.ts';
import { KINDS } from '../../test/drills/shoppers.ts';
import type { Plan } from '../../test/drills/workload.ts';
import { breakableShop, type BreakableShop } from '../../test/support/breakable-shop.ts';
import { UsageError } from '../arguments.ts';
import { drillOverload } from './overload.ts';

const ORDERS_DEFAULT = 300;
/** Default number of product writes. */
const WRITES_DEFAULT = 2_000;
const NAME_WIDTH = 32;
/** Limit of promise P6 on the single machine that runs everything. */
const LAG_MS_MAX = 2_000;
/** Percentage of orders that are never paid; each is open as long as its payment window. */
const ABANDONED = 4;
const ABANDONED_WINDOW_MS = '120000';

const ALL = [...Object.keys(FAULTS), ...Object.keys(ROAD_FAULTS)];

const report = (name: string, figures: number[], verdict: string, broken: string[]): void => {
  const cells = figures.map((one) => String(one).padStart(7)).join('  ');
  console.log(`${name.padEnd(NAME_WIDTH)} ${cells}  ${verdict}`);
  for (const one of broken) console.log(`  ${one}`);
};

type Requested = Omit<Plan, 'count'> & { count: number | undefined };

const drilled = (shop: BreakableShop, name: string, { count, ...plan }: Requested) =>
  Object.hasOwn(ROAD_FAULTS, name)
    ? runCatalogueDrill(shop, name, { ...plan, count: count ?? WRITES_DEFAULT })
    : runDrill(shop, name, { ...plan, count: count ?? ORDERS_DEFAULT });

/** Returns how many faults broke a promise. */
const drillFaults = async (
  shop: BreakableShop,
  names: string[],
  plan: Requested,
): Promise<number> => {
  let failures = 0;
  for (const name of names) {
    const { calls, unknown, seconds, lagMs = 0, broken } = await drilled(shop, name, plan);
    if (lagMs > LAG_MS_MAX) broken.push(`P6 a write became searchable after ${lagMs} ms`);
    const verdict = broken.length === 0 ? 'kept' : 'BROKEN';
    report(name, [calls, unknown, seconds], verdict, broken);
    if (broken.length > 0) failures++;
    await shop.allReady();
  }
  return failures;
};

/** Returns how many planted bugs were not detected. */
const drillPlanted = async (shop: BreakableShop): Promise<number> => {
  let failures = 0;
  for (const [name, planted] of Object.entries(PLANTED)) {
    const { fault, plan, breaks } = planted;
    const found = await withPlanted(shop, planted, () => runDrill(shop, fault, plan));
    const { calls, unknown, seconds, broken } = found;
    const isSeen = breaks.every((one) => broken.some((text) => text.startsWith(one)));
    report(name, [calls, unknown, seconds], isSeen ? 'seen' : 'MISSED', broken);
    if (!isSeen) failures++;
    await shop.allReady();
  }
  return failures;
};

const OVERLOAD = 'overload';

export interface DrillOptions {
  seed: number;
  count: number | undefined;
  planted: boolean;
  abandoned: boolean;
}

/** Returns the exit code: 1 when a promise was broken, or a planted bug not detected. */
export const drill = async (
  faults: string[],
  { seed, count, planted, abandoned }: DrillOptions,
): Promise<number> => {
  const isOverload = faults[0] === OVERLOAD;
  const unknown = isOverload ? undefined : faults.find((name) => !ALL.includes(name));
  if (unknown) throw new UsageError(`unknown fault ${unknown}; known faults: ${ALL.join(', ')}`);
  const kinds = abandoned ? { abandons: ABANDONED, ...KINDS } : KINDS;
  if (abandoned) process.env['HOLDFAST_PAYMENT_WINDOW_MS'] = ABANDONED_WINDOW_MS;
  const shop = await breakableShop();
  try {
    if (isOverload) return await drillOverload(shop);
    console.log(`${'fault'.padEnd(NAME_WIDTH)}   calls  unknown  seconds  promises`);
    const names = faults.length > 0 ? faults : ALL;
    const failures = planted
      ? await drillPlanted(shop)
      : await drillFaults(shop, names, { seed, count, kinds });
    return failures > 0 ? 1 : 0;
  } finally {
    await shop.sql.end();
  }
};
