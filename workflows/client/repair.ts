// Carries out an operator's action once: records it first, then sends it to the order's workflow.
import type { Pg } from '../../db/postgres/client.ts';
import { readLeftMinor } from '../../db/postgres/orders/after-capture.ts';
import { findOrder, type Order } from '../../db/postgres/orders/orders.ts';
import { listRefunds } from '../../db/postgres/orders/refunds.ts';
import {
  recordAction,
  recordOutcome,
  type ActionInput,
  type RecoveryAction,
} from '../../db/postgres/orders/recovery.ts';
import { clearAttention } from '../../db/postgres/orders/steps.ts';
import {
  refundOfStep,
  isSweepStep,
  SWEEP_STEP,
  workflowOfStep,
  type Attention,
  type RepairAction,
} from '../../domain/attention.ts';
import { addressFrom } from '../../domain/addresses/postal.ts';
import { assertWholeSteps } from '../../domain/charges.ts';
import { DomainError } from '../../domain/errors.ts';
import { minorFromNumber } from '../../domain/money.ts';
import { returnOfRefund } from '../../domain/returns.ts';
import { assertCancellable } from '../../domain/order.ts';
import {
  changeAddress,
  repairOrder,
  type Repair,
  type WorkflowTimings,
} from '../fulfill-order.contract.ts';
import { REFUND_ORDER, refundOptions, type RefundOrderInput } from '../refund-order.contract.ts';
import { requestCancel, UNTIL_ACCEPTED, updateOrder } from './orders.ts';
import { restartFollowUp, restartOrder, startWorkflow } from './start.ts';
import type { TemporalConnection } from './connection.ts';
import { actionBodies, type ActionBody } from './repair-bodies.ts';

export interface RepairDeps {
  pg: Pg;
  temporal: TemporalConnection;
  timings: WorkflowTimings;
}

/**
 * Sent to the workflow whose step it is. The action's id is the update's id: equal requests join
 * the first and get its result.
 */
const repair = (
  deps: RepairDeps,
  { id }: Order,
  updateId: string,
  { id: attentionId, step }: Attention,
  wanted: Omit<Repair, 'attentionId'>,
): Promise<void> =>
  updateOrder(
    deps,
    id,
    (workflow) => {
      const args: [Repair] = [{ attentionId, ...wanted }];
      return workflow.startUpdate(repairOrder, { ...UNTIL_ACCEPTED, args, updateId });
    },
    workflowOfStep(step),
  );

const refund = (
  { temporal }: RepairDeps,
  { id: orderId, storeId }: Order,
  grant: NonNullable<RefundOrderInput['grant']>,
): Promise<void> =>
  startWorkflow(temporal, REFUND_ORDER, refundOptions(grant.id, { orderId, storeId, grant }));

/** Grants a failed refund again, under the action's own id. */
const refundAgain = async (deps: RepairDeps, order: Order, replaces: string, actionId: string) => {
  const failed = (await listRefunds(deps.pg, order.id)).find(({ id }) => id === replaces);
  if (!failed) throw new DomainError('ILLEGAL_TRANSITION', 'no such refund of this order');
  const { amountMinor, reason } = failed;
  await refund(deps, order, { id: actionId, amountMinor, reason, replaces });
};

/**
 * Starts the workflow from the order's record; each step taken before is found by its key. One that
 * runs stays; the sweep raises its attention again while the cause lasts.
 */
const restart = async (deps: RepairDeps, order: Order, step: string): Promise<void> => {
  const { pg, temporal, timings } = deps;
  const workflowId = workflowOfStep(step);
  if (workflowId === undefined) {
    await restartOrder(temporal, order, timings);
  } else if (await restartFollowUp(deps, order, workflowId)) {
    // What its steps waited for is raised again by the new run, if it is still so.
    await clearAttention(pg, order.storeId, order.id, { workflowId });
  }
  await clearAttention(pg, order.storeId, order.id, { step });
};

/**
 * The attention that an action is about: the named one, or the only one. ILLEGAL_TRANSITION when it
 * is over or there is none, ATTENTION_AMBIGUOUS with all of them when there are several.
 */
const attentionOf = ({ attentions }: Order, attentionId: string | undefined): Attention => {
  const [first, second] = attentions;
  const named = attentions.find(({ id }) => id === attentionId);
  if (attentionId !== undefined && !named) {
    throw new DomainError('ILLEGAL_TRANSITION', 'this attention is over');
  }
  if (named) return named;
  if (!first) throw new DomainError('ILLEGAL_TRANSITION', 'the order does not wait for a person');
  if (!second) return first;
  throw new DomainError('ATTENTION_AMBIGUOUS', 'several steps wait: name one by attentionId', {
    facts: { attentions },
  });
};

/** The named attention, where it lists the action. ILLEGAL_TRANSITION */
const listing = (
  order: Order,
  attentionId: string | undefined,
  action: RepairAction,
): Attention => {
  const attention = attentionOf(order, attentionId);
  if (attention.actions.includes(action)) return attention;
  throw new DomainError('ILLEGAL_TRANSITION', `${action} does not help with ${attention.reason}`);
};

/** A return whose refund was refused, and was given back in another way, has ended. */
const endReturnOf = async (
  { pg, temporal }: RepairDeps,
  { id: orderId, storeId }: Order,
  refundId: string | undefined,
): Promise<void> => {
  const refund = (await listRefunds(pg, orderId)).find((one) => one.id === refundId);
  const endedReturn = refund && returnOfRefund(refund.reason);
  if (!endedReturn) return;
  const options = refundOptions(`${endedReturn}/ended`, { orderId, storeId, endedReturn });
  await startWorkflow(temporal, REFUND_ORDER, options);
};

type Doer<A extends RepairAction> = (
  deps: RepairDeps,
  order: Order,
  body: ActionBody<A>,
  actionId: string,
) => Promise<void>;

/** An action on a step of the order's workflow, which may refuse it. */
const onStep =
  <A extends Repair['action']>(action: A): Doer<A> =>
  (deps, order, body, actionId) => {
    const attention = attentionOf(order, body.attentionId);
    const ending = 'ending' in body ? { ending: body.ending } : {};
    return repair(deps, order, actionId, attention, { action, ...ending });
  };

/** An action on the order itself; an attention that lists it, and is named, is over with it. */
const onOrder =
  <A extends 'refund' | 'cancel'>(action: A, doer: Doer<A>): Doer<A> =>
  async (deps, order, body, actionId) => {
    const { attentionId } = body;
    const about = attentionId === undefined ? undefined : listing(order, attentionId, action);
    await doer(deps, order, body, actionId);
    if (about) await clearAttention(deps.pg, order.storeId, order.id, { id: about.id });
  };

const DOERS: { [A in RepairAction]: Doer<A> } = {
  retry: async (deps, order, body, actionId) => {
    const isUnnamed = body.attentionId === undefined;
    if (isUnnamed && order.attentions.length === 0) return restart(deps, order, SWEEP_STEP);
    const attention = attentionOf(order, body.attentionId);
    const { step } = attention;
    const refundId = refundOfStep(step);
    if (refundId !== undefined) return refundAgain(deps, order, refundId, actionId);
    if (isSweepStep(step)) return restart(deps, order, step);
    return repair(deps, order, actionId, attention, { action: 'retry' });
  },
  skip: onStep('skip'),
  resolve: onStep('resolve'),
  intercept: onStep('intercept'),
  let_arrive: onStep('let_arrive'),
  treat_as_return: onStep('treat_as_return'),
  dismiss: async (deps, order, { attentionId }) => {
    const { id, step } = listing(order, attentionId, 'dismiss');
    await endReturnOf(deps, order, refundOfStep(step));
    await clearAttention(deps.pg, order.storeId, order.id, { id });
  },
  refund: onOrder('refund', async (deps, order, { amount, note }, actionId) => {
    const { currency } = order;
    const amountMinor = amount === undefined ? 0 : minorFromNumber(amount, currency, 'amount');
    assertWholeSteps(amountMinor, currency);
    if ((amountMinor || 1) > (await readLeftMinor(deps.pg, order))) {
      throw new DomainError('REFUND_EXCEEDS_CAPTURE', 'more than can still be given back');
    }
    const grant = { id: actionId, reason: note, ...(amountMinor && { amountMinor }) };
    await refund(deps, order, grant);
  }),
  cancel: onOrder('cancel', async (deps, order) => {
    if (order.status === 'cancelled') return;
    assertCancellable(order.status);
    await requestCancel(deps, order.id);
  }),
  readdress: (deps, { id }, { address }, updateId) =>
    updateOrder(deps, id, (workflow) =>
      workflow.startUpdate(changeAddress, {
        ...UNTIL_ACCEPTED,
        args: [addressFrom(address, 'address')],
        updateId,
      }),
    ),
};

/**
 * Does an operator's action once a key; a repeated request gets the recorded result.
 * A refusal is recorded too, and repeated. Refusals of the workflow and the ledger are unchanged.
 */
export const audited = async (
  pg: Pg,
  input: ActionInput,
  work: (actionId: string) => Promise<void>,
): Promise<RecoveryAction> => {
  const action = await recordAction(pg, input);
  if (action.outcome === 'done') return action;
  try {
    await work(action.id);
  } catch (error) {
    if (error instanceof DomainError && error.code !== 'UNAVAILABLE') {
      await recordOutcome(pg, action.id, error.code, error.message);
    }
    throw error;
  }
  await recordOutcome(pg, action.id, 'done', null);
  return { ...action, outcome: 'done', doneAt: new Date() };
};

/** Does an operator's action on an order, as `audited` says. */
export const act = (
  deps: RepairDeps,
  input: ActionInput & { action: RepairAction },
): Promise<RecoveryAction> =>
  audited(deps.pg, input, async (actionId) => {
    const { orderId, action } = input;
    const order = await findOrder(deps.pg, orderId);
    if (!order) throw new DomainError('NOT_FOUND', 'no such order');
    const body: unknown = actionBodies[action].parse(input.body);
    await DOERS[action](deps, order, body as never, actionId);
  });
