// The measurements: one file a path, each run on the tests' instance, printed and kept as JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { testInstance } from '../ops/instance.ts';
import { bringUp } from '../ops/up.ts';
import { costs } from './costs.ts';
import { checkoutAnswer, orderWorkflow } from './orders/orders.ts';
import { productRead } from './product-read.ts';
import {
  reserve,
  reserve100Lines,
  reserve10Lines,
  reserveAndClaim,
  reserveOf100kSkus,
  reserveOf1mSkus,
} from './reserve.ts';
import { soldOutRefusal, stockRead } from './stock-door.ts';

const PATHS = {
  'product-read': productRead,
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
/** A carrier that is there at once: nothing of an order is waiting that is not ours. */
const PACE = { HOLDFAST_CARRIER_SHIP_MS: '1', HOLDFAST_CARRIER_DELIVER_MS: '1' };
/** Takes minutes to fill, so only when it is named. */
const LARGE = ['reserve-1m'];

const isPath = (name: string): name is keyof typeof PATHS => Object.hasOwn(PATHS, name);

/** Runs the named paths, or all; answers the exit code: 1 only when a run is void. */
export const bench = async (names: string[]): Promise<number> => {
  const wanted =
    names.length > 0 ? names : Object.keys(PATHS).filter((one) => !LARGE.includes(one));
  Object.assign(process.env, PACE);
  const instance = testInstance();
  await bringUp(instance, (line) => void process.stderr.write(`${line}\n`));
  const folder = resolve(instance.home, 'bench');
  mkdirSync(folder, { recursive: true });
  if (names[0] === 'costs') {
    await costs(instance);
    return 0;
  }
  if (names[0] === 'checkout-answer') {
    console.log(await checkoutAnswer(instance));
    return 0;
  }
  let code = 0;
  for (const name of wanted) {
    if (!isPath(name)) throw new Error(`no such path; there is ${Object.keys(PATHS).join(', ')}`);
    const { aim, measure } = PATHS[name];
    const figures = await measure(instance);
    const { median, lower, upper } = figures.ratio;
    const spread = `${lower.toFixed(3)}–${upper.toFixed(3)}`;
    const state = figures.isVoid ? 'VOID: the machine was not even' : `aim ${aim}`;
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
