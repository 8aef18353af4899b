// Runs a workflow's step; a failure raises an attention and waits for an operator's decision.
import { condition } from '@temporalio/workflow';
import type { AttentionReason } from '../../domain/attention.ts';
import type { Repair } from '../fulfill-order.contract.ts';
import { cancelled, Ended, endingOf, need, type OrderState } from './state.ts';
import { refusalIn } from './refusals.ts';

/** An operator gave the step up and reported what became of the parcel. */
export class Resolved extends Error {
  constructor(readonly ending: NonNullable<Repair['ending']>) {
    super(ending);
  }
}

interface Step<T> {
  /** The attention's reason when the step fails for good. */
  reason: AttentionReason;
  /** More exact reasons, by the refusal's code. */
  reasons?: Partial<Record<string, AttentionReason>>;
  /** Codes of refusals that end the order. */
  endings?: readonly string[];
  /** Completes the step without its work when an operator skips it. */
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
 * Runs a step to its end. A failure that does not end the order raises an attention; the workflow
 * then waits for `repairOrder`: retry, skip, cancel or resolve. Older workflows halt instead.
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
