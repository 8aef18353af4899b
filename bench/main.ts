// Runs the measurements on the tests' instance and writes the results as JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { limitsOf } from '../apis/gateway/limits/profiles.ts';
import { testInstance, type Instance } from '../ops/instance.ts';
import { report } from '../ops/output.ts';
import { bringUp } from '../ops/up.ts';
import { costs } from './costs.ts';
import { checkoutAnswer, orderWorkflow } from './orders/orders.ts';
import { orderRate } from './orders/rate.ts';
import type { Figures, Plan } from './method.ts';
import { productFromStore, productOfStore, productRead } from './product-read.ts';
import {
  reserve,
  reserve100Lines,
  reserve10Lines,
  reserveAndClaim,
  reserveOf100kSkus,
  reserveOf1mSkus,
} from './stock/reserve.ts';
import { backlogPace, pipelinePaths } from './pipeline.ts';
import { searchPaths } from './search.ts';
import { timesToSearchable } from './searchable.ts';
import { writePaths } from './writes.ts';
import { soldOutRefusal, stockRead } from './stock/api.ts';

interface Path {
  aim: number | string;
  /** Items of one operation. */
  items?: number;
  measure(instance: Instance, plan: Plan): Promise<Figures>;
}

const PATHS: Record<string, Path> = {
  'product-read': productRead,
  'product-rest': productOfStore,
  'product-store': productFromStore,
  ...searchPaths,
  ...writePaths,
  ...pipelinePaths,
  'stock-read': stockRead,
  'sold-out': soldOutRefusal,
  reserve,
  'reserve-claim': reserveAndClaim,
  'reserve-10-lines': reserve10Lines,
  'reserve-100-lines': reserve100Lines,
  'reserve-100k': reserveOf100kSkus,
  'reserve-1m': reserveOf1mSkus,
  'order-workflow': orderWorkflow,
};
/** A carrier without delays, so that an order waits for Holdfast only. */
const PACE = {
  HOLDFAST_CARRIER_SHIP_MS: '1',
  HOLDFAST_CARRIER_DELIVER_MS: '1',
  // Unpaid orders wait through the whole measurement.
  HOLDFAST_PAYMENT_WINDOW_MS: '20000000',
  // All calls come from one address: limits are counted, but never reached.
  HOLDFAST_LIMITS: JSON.stringify({
    policies: limitsOf('local', {}).policies.map((one) => ({ ...one, quota: 1_000 * one.quota })),
  }),
};
/** Paths that take up to an hour to seed, run only when named or with `--large`. */
const LARGE = Object.keys(PATHS).filter((name) => /-(?:100k|1m)$/.test(name));
/** Measurements without a ratio that print their own lines. */
const PRINTED: Record<string, (instance: Instance, plan: Plan) => Promise<void>> = {
  'order-rate': orderRate,
  costs,
  'checkout-answer': async (instance) => console.log(await checkoutAnswer(instance)),
  searchable: timesToSearchable,
  'backlog-pace': backlogPace,
};

/** Converts figures of an operation with several items to one item. */
const perItem = (figures: Figures, items: number): Figures => {
  const { cpuMicrosPerOperation: cpu, operationsPerSecond: pace } = figures;
  return {
    ...figures,
    cpuMicrosPerOperation: { baseline: cpu.baseline / items, candidate: cpu.candidate / items },
    operationsPerSecond: { baseline: pace.baseline * items, candidate: pace.candidate * items },
  };
};

/** What `./holdfast bench` has read of its words, as one argument of JSON. */
interface Given extends Plan {
  paths: string[];
  large: boolean;
}

/** Runs the named paths, or all; returns the exit code, 1 only when a run is void. */
const bench = async ({ paths: names, large: isLarge, ...plan }: Given): Promise<number> => {
  const [first = ''] = names;
  const printed = PRINTED[first];
  const wanted =
    names.length > 0 ? names : Object.keys(PATHS).filter((one) => isLarge || !LARGE.includes(one));
  const unknown = printed ? undefined : wanted.find((name) => !Object.hasOwn(PATHS, name));
  if (unknown) {
    const known = Object.keys({ ...PATHS, ...PRINTED }).join(', ');
    console.error(`holdfast: unknown path ${unknown}; known paths: ${known}`);
    return 1;
  }
  Object.assign(process.env, PACE);
  // Without the comparison of responses with their schemas, which only the tests make.
  const instance = { ...testInstance(), isTests: false };
  await bringUp(instance, report);
  const folder = resolve(instance.home, 'bench');
  mkdirSync(folder, { recursive: true });
  if (printed) {
    await printed(instance, plan);
    return 0;
  }
  let code = 0;
  for (const name of wanted) {
    const path = PATHS[name];
    if (!path) continue;
    const { aim, measure, items = 1 } = path;
    const figures = perItem(await measure(instance, plan), items);
    const { median, lower, upper } = figures.ratio;
    const spread = `${lower.toFixed(3)}–${upper.toFixed(3)}`;
    const state = figures.isVoid ? 'VOID: the baseline differs from itself' : `aim ${aim}`;
    console.log(`${name.padEnd(16)} ${median.toFixed(3)}  (${spread})  ${state}`);
    console.log(
      `  CPU µs an operation: baseline ${figures.cpuMicrosPerOperation.baseline.toFixed(0)}, ` +
        `here ${figures.cpuMicrosPerOperation.candidate.toFixed(0)}; ` +
        `a second: ${figures.operationsPerSecond.baseline.toFixed(0)}, ` +
        `${figures.operationsPerSecond.candidate.toFixed(0)}; A/A ${figures.evenness.toFixed(3)}`,
    );
    writeFileSync(resolve(folder, `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`);
    if (figures.isVoid) code = 1;
  }
  return code;
};

process.exit(await bench(JSON.parse(process.argv[2] ?? '{}') as Given));
