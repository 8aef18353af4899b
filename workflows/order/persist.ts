// Runs a workflow's step; a failure raises an attention and waits for an operator's decision.
import { condition, ContinueAsNew, workflowInfo } from '@temporalio/workflow';
import type { Attention, AttentionReason } from '../../domain/attention.ts';
import type { Repair } from '../fulfill-order.contract.ts';
import { records } from '../activity-proxies.ts';
import { showAttentions, showStep, type Attending } from './attending.ts';
import { refusalIn } from './refusals.ts';
import { cancelled, Ended } from './endings.ts';

/** An operator gave the step up and reported what became of the parcel. */
export class Resolved extends Error {
  constructor(readonly ending: NonNullable<Repair['ending']>) {
    super(ending);
  }
}

interface Step<T> {
  /** Unique among the steps that may wait at the same time. */
  name: string;
  /** The attention's reason when the step fails for good. */
  reason: AttentionReason;
  /** More exact reasons, by the refusal's code. */
  reasons?: Partial<Record<string, AttentionReason>>;
  /** Codes of refusals that end the order. */
  endings?: readonly string[];
  /** The order can still be cancelled: an operator or the shopper ends the wait. */
  isCancellable?: boolean;
  /** The parcel is not booked yet: another address may help. */
  isAddressed?: boolean;
  /** A parcel is under way: an operator may report what became of it. */
  isResolvable?: boolean;
  /** Completes the step without its work when an operator skips it. */
  skipped?: () => Promise<T>;
  work(): Promise<T>;
}

/** What an operator may do about a step; any other action is refused before it reaches it. */
const actionsOf = (step: Step<unknown>): Attention['actions'] => [
  'retry',
  ...(step.isAddressed ? (['readdress'] as const) : []),
  ...(step.skipped ? (['skip'] as const) : []),
  ...(step.isCancellable ? (['cancel'] as const) : []),
  ...(step.isResolvable ? (['resolve'] as const) : []),
];

/**
 * Raises an attention and waits for an operator's action on it, or until it is over; undefined
 * then. It is cleared by its own id: no other step's attention is touched.
 */
export const attend = async (
  state: Attending,
  question: Omit<Attention, 'id' | 'since'>,
  isOver: () => boolean,
): Promise<Repair | undefined> => {
  const attentionId = await records.raiseAttention({ ...state.order, ...question });
  const waiting: Attending['waiting'][number] = { ...question, id: attentionId };
  state.waiting.push(waiting);
  showAttentions(state);
  await condition(() => waiting.repair !== undefined || isOver());
  await records.clearAttention({ ...state.order, attentionId });
  state.waiting = state.waiting.filter((one) => one !== waiting);
  showAttentions(state);
  return waiting.repair;
};

const isEndingOfOrder = (error: unknown, endings: readonly string[]): boolean =>
  error instanceof Ended || endings.includes(refusalIn(error)?.code ?? '');

const questionOf = (step: Step<unknown>, error: unknown): Omit<Attention, 'id' | 'since'> => {
  const refusal = refusalIn(error);
  const reason = step.reasons?.[refusal?.code ?? ''] ?? step.reason;
  const detail = refusal && { detail: `${refusal.code}: ${refusal.message}` };
  return { step: step.name, reason, actions: actionsOf(step), ...detail };
};

/**
 * Runs a step to its end. A failure that does not end the order raises an attention; the workflow
 * then waits for `repairOrder`, or for a cancellation.
 */
export const persist = async <T>(state: Attending, step: Step<T>): Promise<T> => {
  const isCancelled = () => step.isCancellable === true && state.cancelRequested;
  let work = () => step.work();
  for (;;) {
    let repair: Repair | undefined;
    try {
      const done = await work();
      return done;
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      if (isEndingOfOrder(error, step.endings ?? [])) throw error;
      if (!isCancelled()) repair = await attend(state, questionOf(step, error), isCancelled);
    }
    if (!repair) throw cancelled();
    const { action, ending } = repair;
    const { skipped } = step;
    // A skip that fails waits for an operator as its step does.
    work = () => (action === 'skip' && skipped ? skipped() : step.work());
    if (action === 'resolve' && ending) throw new Resolved(ending);
  }
};

/** The name of a step of a workflow beside the order's: `workflowOfStep` finds its workflow. */
export const ownStep = (step: string): string => `${workflowInfo().workflowId}: ${step}`;

/** Shows a step of a workflow beside the order's, and runs it to its end. */
export const persistOwn = <T>(
  state: Attending,
  { name, ...step }: Pick<Step<T>, 'name' | 'reason' | 'endings' | 'skipped' | 'work'>,
): Promise<T> => {
  showStep(state, name);
  return persist(state, { ...step, name: ownStep(name) });
};
