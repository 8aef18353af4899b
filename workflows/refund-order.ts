// Grants and sends one refund, or looks at one that changed at the provider or is due to be.
import { CancellationScope } from '@temporalio/workflow';
import { refundStep, type RepairAction } from '../domain/attention.ts';
import { PARCEL_LOOKS } from '../domain/looks.ts';
import { returnOfRefund } from '../domain/returns.ts';
import { looks, records, refunds, returns } from './activity-proxies.ts';
import { attendingOf, mailShopper, type Attending } from './order/attending.ts';
import { persistOwn } from './order/persist.ts';
import { lookAtOnce, untilKnown } from './order/looking.ts';
import { refusalIn } from './order/refusals.ts';
import { setAttendingHandlers } from './order/repairs.ts';
import type { RefundOrderInput } from './refund-order.contract.ts';

/** Temporal's own cancellation changes nothing: the money is owed. */
export function refundOrder(input: RefundOrderInput): Promise<string> {
  return CancellationScope.nonCancellable(() => refund(input));
}

async function refund(input: RefundOrderInput): Promise<string> {
  const { orderId, storeId, grant, recheck, endedReturn } = input;
  const state = attendingOf({ orderId, storeId }, 'refund');
  setAttendingHandlers(state);
  if (grant) return granted(state, grant);
  if (endedReturn) {
    await endReturn(state, endedReturn);
    return 'given back in another way';
  }
  return recheck ? looked(state, recheck) : 'nothing to do';
}

/** A step whose failure waits for an operator; a refusal that it lists is thrown. */
const run = <T>(
  state: Attending,
  name: string,
  work: () => Promise<T>,
  endings: readonly string[] = [],
): Promise<T> => persistOwn(state, { name, reason: 'REFUND_FAILED', endings, work });

type Grant = NonNullable<RefundOrderInput['grant']>;

async function granted(state: Attending, grant: Grant): Promise<string> {
  const { id, reason } = grant;
  const amountMinor = await requested(state, grant);
  if (amountMinor === undefined) return 'refused';
  if (amountMinor === 0) return 'nothing to give back';
  const outcome = await run(state, 'sending it', () => refunds.settleRefund({ id }));
  if (outcome === 'succeeded') await conclude(state, { id, amountMinor, reason });
  return outcome;
}

const NOT_LEFT = ['REFUND_EXCEEDS_CAPTURE', 'AMOUNT_NOT_CHARGEABLE', 'IDEMPOTENCY_KEY_REUSED'];

/**
 * A refusal is told: what was left when the operator asked may have gone since. A refund that was
 * to be replaced still waits, and its own row says why.
 */
async function requested(state: Attending, grant: Grant): Promise<number | undefined> {
  const { order } = state;
  const { id, replaces } = grant;
  const work = () => refunds.requestRefund({ ...order, ...grant });
  try {
    return await run(state, 'granting it', work, NOT_LEFT);
  } catch (error) {
    const refusal = refusalIn(error);
    if (!refusal) throw error;
    const detail = `${refusal.code}: ${refusal.message}`;
    const question = { step: refundStep(replaces ?? id), reason: 'REFUND_FAILED' as const, detail };
    const actions: RepairAction[] = replaces ? ['retry', 'dismiss'] : ['dismiss'];
    await records.raiseAttention({ ...order, ...question, actions });
    return undefined;
  }
}

/** A look that is not answered may have recorded the refund: it is repeated until it is. */
async function looked(
  state: Attending,
  recheck: NonNullable<RefundOrderInput['recheck']>,
): Promise<string> {
  const look = async () => ({ seen: await looks.lookAtRefund(recheck) });
  lookAtOnce(state);
  const { seen } = await run(state, 'looking at it', () =>
    untilKnown(state, { schedule: PARCEL_LOOKS, look }),
  );
  // What was confirmed at once has been concluded by the workflow that sent it.
  if (seen?.state === 'succeeded' && seen.wasPending) await conclude(state, seen);
  return seen?.state ?? 'unknown';
}

const endReturn = (state: Attending, returnId: string): Promise<void> => {
  const { storeId } = state.order;
  return run(state, 'ending its return', () => returns.concludeReturn({ returnId, storeId }));
};

interface Confirmed {
  id: string;
  amountMinor: number;
  reason: string;
}

/** The money is on its way: a return that it belongs to has ended, and the shopper is told. */
async function conclude(state: Attending, { id, amountMinor, reason }: Confirmed): Promise<void> {
  const returnId = returnOfRefund(reason);
  if (returnId) await endReturn(state, returnId);
  await mailShopper(state, 'refunded', { about: id, amountMinor });
}
