// Explores the order's workflow in virtual time: no three faults leave an order halted, unseen, or
// with money or stock that its ending does not promise.
import { describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import type { PlantedLine } from '../support/planted-line.ts';

const PROGRAM = resolve(import.meta.dirname, 'main.ts');
const LIMIT_MS = 120_000;

/** A process of its own: the stand-in for Temporal's module is there alone. */
const explored = (faults: number, walks: number, planted = '') => {
  const command = [process.execPath, PROGRAM, String(faults), String(walks), planted];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  return { exitCode, output: `${stdout.toString()}${stderr.toString()}` };
};

describe('an order', () => {
  test(
    'keeps its promises after any three faults, and after any walk',
    () => {
      const { exitCode, output } = explored(3, 2_000);
      console.log(output.trim().split('\n').at(-1));
      expect([exitCode, exitCode === 0 ? '' : output]).toEqual([0, '']);
    },
    LIMIT_MS,
  );
});

/** Lines whose change breaks a promise; each must be found by one or two faults. */
const BUGS: Record<string, PlantedLine> = {
  'an undo that leaves the stack before it has succeeded': {
    file: 'workflows/order/undo-stack.ts',
    right: 'await undo();\n        undos.pop();',
    wrong: 'undos.pop();\n        await undo();',
  },
  'a step that raises no attention': {
    file: 'workflows/fulfill-order.ts',
    right: "await persist(state, { reason: 'UNDO_FAILED', work: () => undo.run() });",
    wrong: 'await undo.run();',
  },
  'a failure that is swallowed': {
    file: 'workflows/order/undo-stack.ts',
    right: 'await undo();',
    wrong: 'await undo().catch(() => undefined);',
  },
  'an attention that is cleared before the step has succeeded': {
    file: 'workflows/order/persist.ts',
    right: "if (action === 'skip' && step.skipped) return step.skipped();",
    wrong: "if (action === 'retry') return undefined as T;",
  },
  'an action that the waiting step cannot take': {
    file: 'workflows/order/persist.ts',
    right: "...(isCancellable ? (['cancel'] as const) : []),",
    wrong: "'cancel' as const,",
  },
};

describe('a planted bug is found:', () => {
  for (const [name, bug] of Object.entries(BUGS)) {
    test(
      name,
      () => {
        const { exitCode, output } = explored(2, 0, JSON.stringify(bug));
        expect([exitCode, /[1-9]\d* broken/.test(output)]).toEqual([1, true]);
      },
      LIMIT_MS,
    );
  }
});
