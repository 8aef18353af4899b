// What an operator asks for, done once: written down first, then asked of the order's story.
import type { Pg } from '../../db/postgres/client.ts';
import { findOrder, type Order } from '../../db/postgres/orders/orders.ts';
import { listRefunds } from '../../db/postgres/orders/refunds.ts';
import {
  recordAction,
  recordOutcome,
  type ActionAsk,
  type RecoveryAction,
} from '../../db/postgres/orders/recovery.ts';
import { clearAttention } from '../../db/postgres/orders/steps.ts';
import type { AttentionReason, MendAction } from '../../domain/attention.ts';
import { DomainError } from '../../domain/errors.ts';
import { minorFromNumber } from '../../domain/money.ts';
import { assertCancellable } from '../../domain/order.ts';
import {
  cancelOrder,
  changeAddress,
  FULFILL_ORDER,
  mendOrder,
  storyOptions,
  type Mending,
  type StoryPace,
} from '../../workflows/fulfill-order.contract.ts';
import { REFUND_ORDER, refundOptions } from '../../workflows/refund-order.contract.ts';
import { askOrder, startStory, UNTIL_ACCEPTED } from '../rpc/stories.ts';
import type { LazyTemporal } from '../rpc/temporal.ts';
import { actionBodies, type ActionBody } from './shapes.ts';

export interface ActingParts {
  pg: Pg;
  temporal: LazyTemporal;
  pace: StoryPace;
}

/** The action's id is the update's: equal clicks join the first and get its answer. */
const mend = (
  parts: ActingParts,
  { id }: Order,
  updateId: string,
  mending: Mending,
): Promise<void> =>
  askOrder(parts, id, (story) =>
    story.startUpdate(mendOrder, { ...UNTIL_ACCEPTED, args: [mending], updateId }),
  );

const refund = (
  { temporal }: ActingParts,
  { id: orderId, storeId }: Order,
  grant: { id: string; amountMinor?: number; reason: string },
): Promise<void> =>
  startStory(temporal, REFUND_ORDER, refundOptions(grant.id, { orderId, storeId, grant }));

/** Reasons that mean that nothing runs for the order: its story is started from its record. */
const WITHOUT_STORY: readonly AttentionReason[] = ['STORY_MISSING', 'NO_PROGRESS'];

/** A refund that failed is given again, under the action's own id. */
const refundAgain = async (parts: ActingParts, order: Order, actionId: string): Promise<void> => {
  const failed = (await listRefunds(parts.pg, order.id)).findLast(
    ({ state }) => state === 'failed',
  );
  if (!failed) throw new DomainError('ILLEGAL_TRANSITION', 'no refund of this order has failed');
  const { amountMinor, reason } = failed;
  await refund(parts, order, { id: actionId, amountMinor, reason });
};

/** From the record: every step that was taken is found again by its key. A running story stays. */
const beginAgain = async ({ pg, temporal, pace }: ActingParts, order: Order): Promise<void> => {
  await startStory(temporal, FULFILL_ORDER, {
    ...storyOptions(order, pace),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
  });
  await clearAttention(pg, order.storeId, order.id);
};

type Doer<A extends MendAction> = (
  parts: ActingParts,
  order: Order,
  body: ActionBody<A>,
  actionId: string,
) => Promise<void>;

const DOERS: { [A in MendAction]: Doer<A> } = {
  retry: async (parts, order, _body, actionId) => {
    const reason = order.attention?.reason;
    if (reason === 'REFUND_FAILED') return refundAgain(parts, order, actionId);
    if (!reason || WITHOUT_STORY.includes(reason)) return beginAgain(parts, order);
    return mend(parts, order, actionId, { action: 'retry' });
  },
  skip: (parts, order, _body, actionId) => mend(parts, order, actionId, { action: 'skip' }),
  resolve: (parts, order, { ending }, actionId) =>
    mend(parts, order, actionId, { action: 'resolve', ending }),
  refund: async (parts, order, { amount, note }, actionId) => {
    const amountMinor = amount === undefined ? undefined : minorFromNumber(amount, order.currency);
    const captured = ['captured', 'partially_refunded'].includes(order.paymentStatus);
    const leftMinor = captured ? order.totalMinor - order.refundedMinor : 0;
    if ((amountMinor ?? 1) > leftMinor) {
      throw new DomainError('REFUND_EXCEEDS_CAPTURE', 'more than is left of what was captured');
    }
    const grant = { id: actionId, reason: note, ...(amountMinor && { amountMinor }) };
    await refund(parts, order, grant);
  },
  cancel: async (parts, order, _body, actionId) => {
    if (order.status === 'cancelled') return;
    assertCancellable(order.status);
    if (order.attention) return mend(parts, order, actionId, { action: 'cancel' });
    await askOrder(parts, order.id, (story) =>
      story.startUpdate(cancelOrder, { ...UNTIL_ACCEPTED, updateId: 'cancel' }),
    );
  },
  readdress: (parts, { id }, { address }, updateId) =>
    askOrder(parts, id, (story) =>
      story.startUpdate(changeAddress, { ...UNTIL_ACCEPTED, args: [address], updateId }),
    ),
};

const perform = async (parts: ActingParts, action: RecoveryAction): Promise<void> => {
  const order = await findOrder(parts.pg, action.orderId);
  if (!order) throw new DomainError('NOT_FOUND', 'no such order');
  const body: unknown = actionBodies[action.action].parse(action.body);
  await DOERS[action.action](parts, order, body as never, action.id);
};

/**
 * Does an action once a key: asked again it answers what came of it. What was refused is written
 * down as well, and refused again. Refusals of the story and of the books come as they are.
 */
export const act = async (parts: ActingParts, ask: ActionAsk): Promise<RecoveryAction> => {
  const action = await recordAction(parts.pg, ask);
  if (action.outcome === 'done') return action;
  try {
    await perform(parts, action);
  } catch (error) {
    if (error instanceof DomainError && error.code !== 'UNAVAILABLE') {
      await recordOutcome(parts.pg, action.id, error.code, error.message);
    }
    throw error;
  }
  await recordOutcome(parts.pg, action.id, 'done', null);
  return { ...action, outcome: 'done', doneAt: new Date() };
};
