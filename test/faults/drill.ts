// One drill: a workload, a fault in its middle, a drain, and every promise checked.
import type { Shop } from '../support/shop.ts';
import type { Broken } from './at-rest.ts';
import { FAULTS, TO_THE_END } from './faults.ts';
import { brokenPromises, drained } from './invariants.ts';
import { runWorkload, type Plan } from './workload.ts';

export interface Drilled {
  orders: number;
  /** Calls that had to be sent again because their outcome was unknown. */
  unknown: number;
  seconds: number;
  broken: Broken;
}

export const runDrill = async (shop: Shop, name: string, plan: Plan): Promise<Drilled> => {
  const fault = FAULTS[name];
  if (!fault) throw new Error(`no such fault; there is ${Object.keys(FAULTS).join(', ')}`);
  const startedAt = Date.now();
  const isLasting = fault.lastsMs === TO_THE_END;
  const onHalf = async (): Promise<void> => {
    try {
      await fault.on(shop);
      if (!isLasting) await Bun.sleep(fault.lastsMs);
    } finally {
      if (!isLasting) await fault.off(shop);
    }
  };
  const workload = await runWorkload(shop, plan, onHalf);
  try {
    await drained(shop, workload);
  } finally {
    if (isLasting) await fault.off(shop);
  }
  const unknown = workload.placed.filter(({ tries }) => tries > 1).length;
  const broken = await brokenPromises(shop, workload);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  return { orders: plan.count, unknown, seconds, broken };
};
