// One drill: a workload, a fault in its middle, a drain, and every promise checked.
import type { Shop } from '../support/shop.ts';
import { FAULTS } from './faults.ts';
import { brokenPromises, drained, type Broken } from './invariants.ts';
import { runWorkload } from './workload.ts';

export interface Drilled {
  orders: number;
  /** Calls that had to be sent again because their outcome was unknown. */
  unknown: number;
  seconds: number;
  broken: Broken;
}

export const runDrill = async (
  shop: Shop,
  name: string,
  { seed, count }: { seed: number; count: number },
): Promise<Drilled> => {
  const fault = FAULTS[name];
  if (!fault) throw new Error(`no such fault; there is ${Object.keys(FAULTS).join(', ')}`);
  const startedAt = Date.now();
  const onHalf = async (): Promise<void> => {
    try {
      await fault.on(shop);
      await Bun.sleep(fault.lastsMs);
    } finally {
      await fault.off(shop);
    }
  };
  const workload = await runWorkload(shop, { seed, count, onHalf });
  await drained(shop, workload);
  const unknown = workload.placed.filter(({ tries }) => tries > 1).length;
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  return { orders: count, unknown, seconds, broken: await brokenPromises(shop, workload) };
};
