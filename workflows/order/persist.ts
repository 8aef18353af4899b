// Steps that must be done: what does not mend itself waits for a person, and loses nothing.
import { condition } from '@temporalio/workflow';
import type { AttentionReason } from '../../domain/attention.ts';
import type { Repair } from '../fulfill-order.contract.ts';
import { cancelled, Ended, endingOf, need, type OrderState } from './state.ts';
import { refusalIn } from './refusals.ts';

/** The step was given up by an operator, who says what became of the parcel. */
export class Resolved extends Error {
  constructor(readonly ending: NonNullable<Repair['ending']>) {
    super(ending);
  }
}

interface Step<T> {
  /** What the order needs a person for, when the step fails for good. */
  reason: AttentionReason;
  /** More exact reasons, by the code the step was refused with. */
  reasons?: Partial<Record<string, AttentionReason>>;
  /** Refusals of the step that are endings of the order, by their code. */
  endings?: readonly string[];
  /** Makes the step as if it were done, when an operator goes past it. */
  skipped?: () => Promise<T>;
  work(): Promise<T>;
}

const awaited = async (state: OrderState): Promise<Repair> => {
  await condition(() => state.repair !== undefined);
  return state.repair as Repair;
};

const isEndingOfOrder = (error: unknown, endings: readonly string[]): boolean =>
  error instanceof Ended || endings.includes(refusalIn(error)?.code ?? '');

/**
 * Runs a step to its end. A failure that is no ending of the order raises `attention`; the story
 * then waits for `repairOrder`: retry, skip, cancel or resolve. Older stories halt instead.
 */
export const persist = async <T>(state: OrderState, step: Step<T>): Promise<T> => {
  for (;;) {
    try {
      const done = await step.work();
      return done;
    } catch (error) {
      if (!state.isSecond) throw endingOf(error);
      if (isEndingOfOrder(error, step.endings ?? [])) throw error;
      state.canSkip = step.skipped !== undefined;
      const code = refusalIn(error)?.code ?? '';
      await need(state, step.reasons?.[code] ?? step.reason);
    }
    const { action, ending } = await awaited(state);
    await need(state, undefined);
    state.repair = undefined;
    if (action === 'skip' && step.skipped) return step.skipped();
    if (action === 'cancel') throw cancelled();
    if (action === 'resolve' && ending) throw new Resolved(ending);
  }
};
