// Drills of what is claimed after a delivery: disputes, goodwill, inspected returns.
import type { BreakableShop } from '../../support/breakable-shop.ts';
import { REST_LIMIT_MS } from '../at-rest.ts';
import { brokenOfInspected, inspectReturns, restoreSettings } from './inspecting.ts';
import type { Fault } from '../faults.ts';
import type { Kinds } from '../shoppers.ts';

const DISPUTES: Kinds = { disputes: 60, overtaken: 20, returns: 10, cancels: 5 };
const GOODWILL: Kinds = { goodwill: 75, returns: 10, lost: 10 };
const INSPECTED: Kinds = { inspected: 85, cancels: 10 };

const nothing = async (): Promise<void> => undefined;
const none = { on: nothing, off: nothing, lastsMs: 0 };

const killWorker = async (shop: BreakableShop): Promise<void> => {
  await shop.kill('worker');
  await shop.start('worker');
};

/** A person inspects the store's returns for the whole workload, and decides in the drain. */
const inspected = (more: Partial<Fault> = {}): Fault => {
  let before: object | undefined;
  return {
    on: async (shop) => {
      before = await inspectReturns(shop);
    },
    off: async (shop) => {
      if (before) await restoreSettings(shop, before);
    },
    lastsMs: 0,
    kinds: INSPECTED,
    meanwhile: (shop, workload) => brokenOfInspected(shop, workload, REST_LIMIT_MS),
    ...more,
  };
};

/** Keyed by the names of the drills. */
export const CLAIM_FAULTS: Record<string, Fault> = {
  disputes: { ...none, kinds: DISPUTES },
  'disputes-worker-killed': { ...none, on: killWorker, kinds: DISPUTES },
  goodwill: { ...none, kinds: GOODWILL },
  'returns-inspected': inspected(),
  'returns-inspected-worker-killed': inspected({ halfway: killWorker, inDrain: killWorker }),
};
