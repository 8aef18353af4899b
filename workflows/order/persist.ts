// Runs a workflow's step; a failure raises an attention and waits for an operator's decision.
import { condition } from '@temporalio/workflow';
import type { AttentionReason } from '../../domain/attention.ts';
import type { Repair } from '../fulfill-order.contract.ts';
import { cancelled, Ended, need, type OrderState } from './state.ts';
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
  /** The order can still be cancelled: an operator or the shopper ends the wait. */
  isCancellable?: boolean;
  /** A parcel is under way: an operator may report what became of it. */
  isResolvable?: boolean;
  /** Completes the step without its work when an operator skips it. */
  skipped?: () => Promise<T>;
  work(): Promise<T>;
}

/** What an operator may do about a step; any other action is refused before it reaches it. */
const actionsOf = ({ isCancellable, isResolvable, skipped }: Step<unknown>): Repair['action'][] => [
  'retry',
  ...(skipped ? (['skip'] as const) : []),
  ...(isCancellable ? (['cancel'] as const) : []),
  ...(isResolvable ? (['resolve'] as const) : []),
];

/** Waits for an operator, or for a cancellation where one can still end the order. */
const awaited = async (state: OrderState, step: Step<unknown>): Promise<Repair> => {
  const isCancelled = () => step.isCancellable === true && state.cancelRequested;
  await condition(() => state.repair !== undefined || isCancelled());
  return state.repair ?? { action: 'cancel' };
};

const isEndingOfOrder = (error: unknown, endings: readonly string[]): boolean =>
  error instanceof Ended || endings.includes(refusalIn(error)?.code ?? '');

/**
 * Runs a step to its end. A failure that does not end the order raises an attention; the workflow
 * then waits for `repairOrder`, or for a cancellation.
 */
export const persist = async <T>(state: OrderState, step: Step<T>): Promise<T> => {
  for (;;) {
    try {
      const done = await step.work();
      return done;
    } catch (error) {
      if (isEndingOfOrder(error, step.endings ?? [])) throw error;
      state.actions = actionsOf(step);
      const code = refusalIn(error)?.code ?? '';
      await need(state, step.reasons?.[code] ?? step.reason);
    }
    const { action, ending } = await awaited(state, step);
    await need(state, undefined);
    state.repair = undefined;
    if (action === 'skip' && step.skipped) return step.skipped();
    if (action === 'cancel') throw cancelled();
    if (action === 'resolve' && ending) throw new Resolved(ending);
  }
};
