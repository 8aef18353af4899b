// Runs one drill: a workload with a fault in its middle or throughout, a drain during which an
// operator acts, and checks of every promise.
import type { BreakableShop } from '../support/breakable-shop.ts';
import type { Broken } from './at-rest.ts';
import { FAULTS, suffered, TO_THE_END, type Fault } from './faults.ts';
import { brokenPromises } from './invariants.ts';
import { drained } from './open-orders.ts';
import { runWorkload, type Plan, type Workload } from './workload.ts';

export interface Drilled {
  /** Orders that were placed, or calls that a store has made. */
  calls: number;
  /** Calls that had to be sent again because their outcome was unknown. */
  unknown: number;
  seconds: number;
  /** The longest time from a write to Search, where it was measured, in ms. */
  lagMs?: number;
  broken: Broken;
}

interface Suffered {
  workload: Workload;
  broken: Broken;
}

/** The fault lasts for the whole workload, and until what is promised meanwhile is so. */
const throughout = async (shop: BreakableShop, fault: Fault, plan: Plan): Promise<Suffered> => {
  try {
    await fault.on(shop);
    const workload = await runWorkload(shop, plan, async () => fault.halfway?.(shop));
    return { workload, broken: (await fault.meanwhile?.(shop, workload)) ?? [] };
  } finally {
    await fault.off(shop);
  }
};

const inItsMiddle = async (shop: BreakableShop, fault: Fault, plan: Plan): Promise<Suffered> => {
  const workload = await runWorkload(shop, plan, () => suffered(shop, fault));
  try {
    return { workload, broken: await drained(shop, workload) };
  } finally {
    if (fault.lastsMs === TO_THE_END) await fault.off(shop);
  }
};

export const runDrill = async (shop: BreakableShop, name: string, plan: Plan): Promise<Drilled> => {
  const fault = FAULTS[name];
  if (!fault) throw new Error(`no such fault; there is ${Object.keys(FAULTS).join(', ')}`);
  const startedAt = Date.now();
  const suffer = fault.meanwhile ? throughout : inItsMiddle;
  const { workload, broken } = await suffer(shop, fault, {
    ...plan,
    kinds: fault.kinds ?? plan.kinds,
  });
  if (fault.meanwhile) {
    const [left] = await Promise.all([drained(shop, workload), fault.inDrain?.(shop)]);
    broken.push(...left);
  }
  broken.push(...(await brokenPromises(shop, workload)));
  const unknown = workload.placed.filter(({ tries }) => tries > 1).length;
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  return { calls: plan.count, unknown, seconds, broken };
};
