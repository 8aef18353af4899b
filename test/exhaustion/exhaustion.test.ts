// Explores the workflows in virtual time: no faults leave an order, a return or a refund halted,
// unseen, or with money or stock that its ending does not promise.
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
    'and what follows it keep their promises after any faults, and after any walk',
    () => {
      const { exitCode, output } = explored(3, 2_000);
      console.log(output.trim().split('\n').at(-1));
      expect([exitCode, exitCode === 0 ? '' : output]).toEqual([0, '']);
    },
    LIMIT_MS,
  );
});

/** Lines whose change breaks a promise; found by two faults, or as many, or by walks. */
const BUGS: Record<string, PlantedLine & { faults?: number; walks?: number }> = {
  'an undo that leaves the stack before it has succeeded': {
    file: 'workflows/order/undo.ts',
    right: 'const work = () => UNDOS[name](state);',
    wrong:
      'const work = () => { state.undos = state.undos.filter((one) => one !== name); return name === "parcels" ? UNDOS[name](state) : Promise.resolve(); };',
  },
  'an undo that waits for another': {
    file: 'workflows/order/undo.ts',
    right: 'await Promise.all(state.undos.map((name) => undo(state, name)));',
    wrong: 'for (const name of state.undos.toReversed()) await undo(state, name);',
  },
  'money that waits for the carrier': {
    file: 'workflows/order/undo.ts',
    right: "(name === 'payment' ? condition(isFree, state.voidPatienceMs) : condition(isFree))",
    wrong: 'condition(isFree)',
  },
  'units that are returned while their parcel is on its way': {
    file: 'workflows/order/undo.ts',
    right: 'if (state.hasLeft) return;',
    wrong: '',
  },
  'a step that raises no attention': {
    file: 'workflows/order/undo.ts',
    right: "await persist(state, { name: `undo: ${name}`, reason: 'UNDO_FAILED', work });",
    wrong: 'await work();',
  },
  'a failure that is swallowed': {
    file: 'workflows/order/undo.ts',
    right: "await persist(state, { name: `undo: ${name}`, reason: 'UNDO_FAILED', work });",
    wrong: 'await work().catch(() => undefined);',
  },
  'an attention that is cleared before the step has succeeded': {
    file: 'workflows/order/persist.ts',
    right: "if (action === 'resolve' && ending) throw new Resolved(ending);",
    wrong: "if (action === 'retry') return undefined as T;",
  },
  'an attention that another step clears': {
    faults: 3,
    file: 'workflows/order/persist.ts',
    right: 'await records.clearAttention({ ...state.order, attentionId });',
    wrong: `for (const { id } of state.waiting) {
      await records.clearAttention({ ...state.order, attentionId: id });
    }`,
  },
  'a skip that fails unseen': {
    walks: 2_000,
    file: 'workflows/order/persist.ts',
    right: "if (action === 'resolve' && ending) throw new Resolved(ending);",
    wrong: "if (action === 'skip' && skipped) return skipped();",
  },
  'a return that a cancellation ends half done': {
    file: 'workflows/return-order.ts',
    right: 'return CancellationScope.nonCancellable(() => comeBack(input));',
    wrong: 'return comeBack(input);',
  },
  'a return that is decided while its step waits, and goes on waiting': {
    faults: 3,
    file: 'workflows/return-order.ts',
    right: "one.repair ??= { attentionId: one.id, action: 'retry' };",
    wrong: '',
  },
  'a look at a refund whose answer is lost, and which is not repeated': {
    faults: 3,
    file: 'workflows/order/looking.ts',
    right: 'if (ranOutOfTime(error)) return undefined;',
    wrong: 'if (ranOutOfTime(error)) return {} as T;',
  },
  'a new run that forgets a step that waits': {
    faults: 3,
    file: 'workflows/order/looking.ts',
    right: 'if (isLong && isIdle(state)) await',
    wrong: 'if (isLong) await',
  },
  'a look on the queue of the payments': {
    file: 'workflows/activity-proxies.ts',
    right: "taskQueue: 'looks',",
    wrong: "taskQueue: 'payments',",
  },
  'a local activity whose attempts have no end': {
    file: 'workflows/activity-proxies.ts',
    right: 'maximumAttempts: LOCAL_ATTEMPTS_MAX,',
    wrong: '',
  },
  'an action that the waiting step cannot take': {
    file: 'workflows/order/repairs.ts',
    right: 'if (!step.actions.includes(action)) {',
    wrong: 'if (false) {',
  },
};

describe('a planted bug is found:', () => {
  for (const [name, { faults = 2, walks = 0, ...bug }] of Object.entries(BUGS)) {
    test(
      name,
      () => {
        const { exitCode, output } = explored(faults, walks, JSON.stringify(bug));
        expect([exitCode, /[1-9]\d* broken/.test(output)]).toEqual([1, true]);
      },
      LIMIT_MS,
    );
  }
});
