// Handles operators' actions on the steps of a workflow that wait, and validates them.
import { ApplicationFailure, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import { orderProgress, repairOrder, type Repair } from '../fulfill-order.contract.ts';
import type { Attending } from './attending.ts';
import { setLookHandler } from './looking.ts';

export const illegal = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'ILLEGAL_TRANSITION', message, nonRetryable: true });

/** Handles an update whose steps and waits outlast Temporal's cancellation of the workflow. */
export const onUpdate = <T, Args extends unknown[]>(
  update: UpdateDefinition<T, Args>,
  handle: (...args: NoInfer<Args>) => T | Promise<T>,
  validator: (...args: NoInfer<Args>) => void = () => undefined,
): void => {
  const shielded = (...args: Args) => CancellationScope.nonCancellable(async () => handle(...args));
  setHandler<T, Args, UpdateDefinition<T, Args>>(update, shielded, { validator });
};

/** The step whose attention a repair is about. ILLEGAL_TRANSITION when it cannot take it. */
const stepOf = ({ waiting }: Attending, { attentionId, action, ending }: Repair) => {
  const step = waiting.find(({ id }) => id === attentionId);
  if (!step) throw illegal('no step of the order waits with this attention');
  if (!step.actions.includes(action)) {
    const known = step.actions.join(', ');
    throw illegal(`${action} does not help with ${step.reason}; what does is ${known}`);
  }
  if (step.repair) throw illegal(`${step.repair.action} is being done about it`);
  if (action === 'resolve' && !ending) throw illegal('a parcel is resolved with its ending');
  return step;
};

/** What each workflow takes whose steps may wait: repairs, events, and a look at its progress. */
export const setAttendingHandlers = (state: Attending): void => {
  setHandler(orderProgress, () => ({
    status: state.status,
    step: state.step,
    attentions: state.waiting.map(({ step, reason }) => ({ step, reason })),
  }));
  setLookHandler(state);
  onUpdate(
    repairOrder,
    async (repair) => {
      const step = stepOf(state, repair);
      step.repair = repair;
      await condition(() => !state.waiting.includes(step));
      return state.status;
    },
    (repair) => void stepOf(state, repair),
  );
};
