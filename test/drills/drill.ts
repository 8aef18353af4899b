// Runs one drill: a workload with a fault in its middle, a drain, and checks of every promise.
import type { BreakableShop } from '../support/breakable-shop.ts';
import type { Broken } from './at-rest.ts';
import { FAULTS, suffered, TO_THE_END } from './faults.ts';
import { brokenPromises, drained } from './invariants.ts';
import { runWorkload, type Plan } from './workload.ts';

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

export const runDrill = async (shop: BreakableShop, name: string, plan: Plan): Promise<Drilled> => {
  const fault = FAULTS[name];
  if (!fault) throw new Error(`no such fault; there is ${Object.keys(FAULTS).join(', ')}`);
  const startedAt = Date.now();
  const workload = await runWorkload(shop, plan, () => suffered(shop, fault));
  try {
    await drained(shop, workload);
  } finally {
    if (fault.lastsMs === TO_THE_END) await fault.off(shop);
  }
  const unknown = workload.placed.filter(({ tries }) => tries > 1).length;
  const broken = await brokenPromises(shop, workload);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  return { calls: plan.count, unknown, seconds, broken };
};
