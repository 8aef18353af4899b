// Plants bugs: runs a process from a copied source with one changed line. A drill must detect the
// broken promise, or its success proves nothing.
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { ROOT } from '../../ops/instance.ts';
import type { ProcessName } from '../../ops/processes.ts';
import { SOURCES } from '../../ops/up.ts';
import type { BreakableShop } from '../support/breakable-shop.ts';
import { withLine, type PlantedLine } from '../support/planted-line.ts';
import type { Plan } from './workload.ts';

export interface Planted extends PlantedLine {
  process: ProcessName;
  fault: string;
  plan: Plan;
  /** The promises of which at least one must be reported broken. */
  breaks: readonly string[];
}

/** A planted bug lasts: what it breaks is not mended by copies that are still on their way. */
const SEEN_MS = 10_000;

export const PLANTED: Record<string, Planted> = {
  'provider-key-dropped': {
    process: 'worker',
    file: 'activities/providers/stripe-refunds-and-disputes.ts',
    right: 'stripe.refunds.create(params, { idempotencyKey })',
    wrong: 'stripe.refunds.create(params)',
    fault: 'refund-answer-lost',
    plan: { seed: 1, count: 1, kinds: { returns: 100 }, restMs: SEEN_MS },
    breaks: ['M2', 'M4'],
  },
  'epoch-skipped': {
    process: 'inventory',
    file: 'apis/inventory/fence.ts',
    right: 'if (ready === readyText(epoch, identity)) return { epoch, losses };',
    wrong: 'return { epoch, losses };',
    fault: 'redis-flushed',
    plan: { seed: 1, count: 4, kinds: { pays: 100 }, restMs: SEEN_MS },
    breaks: ['S4'],
  },
  'released-by-a-webhook': {
    process: 'worker',
    file: 'workflows/order/paying.ts',
    right: 'state.isWaiting = false;',
    wrong: `state.isWaiting = false;
      if (state.changes > seen && state.cards.length === 0) await stock.returnStock(state.order);`,
    fault: 'none',
    plan: { seed: 1, count: 2, kinds: { authenticates: 100 }, restMs: SEEN_MS },
    breaks: ['S5'],
  },
  'refused-units-put-on-hand': {
    process: 'worker',
    file: 'activities/returns.ts',
    right: 'accepted: accepted ?? [],',
    wrong: 'accepted: accepted ? seen.lines : [],',
    fault: 'returns-inspected',
    plan: { seed: 1, count: 6, restMs: SEEN_MS },
    breaks: ['S2'],
  },
};

const REST = ['node_modules', 'package.json', 'tsconfig.json', 'bunfig.toml', 'bun.lock'];

/** Copies the sources, with the bug in them, to a root of their own. */
const copyWith = (planted: Planted, root: string): void => {
  for (const name of SOURCES) cpSync(resolve(ROOT, name), resolve(root, name), { recursive: true });
  for (const name of REST) symlinkSync(resolve(ROOT, name), resolve(root, name));
  writeFileSync(resolve(root, planted.file), withLine(planted));
};

/** Runs `work` with the bug in place, and removes the bug. */
export const withPlanted = async <T>(
  shop: BreakableShop,
  planted: Planted,
  work: () => Promise<T>,
): Promise<T> => {
  const root = mkdtempSync(resolve(tmpdir(), 'holdfast-planted-'));
  try {
    copyWith(planted, root);
    await shop.startFrom(root, planted.process);
    return await work();
  } finally {
    await shop.start(planted.process);
    rmSync(root, { recursive: true, force: true });
  }
};
