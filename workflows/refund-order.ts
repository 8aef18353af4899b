// Grants and sends one refund, or looks at one that changed at the provider or is due to be.
import { refundStep } from '../domain/attention.ts';
import { returnOfRefund } from '../domain/returns.ts';
import { looks, notifications, records, refunds, returns } from './activity-proxies.ts';
import { ranOutOfTime, refusalIn } from './order/refusals.ts';
import type { RefundOrderInput } from './refund-order.contract.ts';

interface Order {
  orderId: string;
  storeId: string;
}

export async function refundOrder({
  orderId,
  storeId,
  ...input
}: RefundOrderInput): Promise<string> {
  const order = { orderId, storeId };
  return input.grant ? granted(order, input.grant) : looked(order, input.recheck);
}

async function granted(
  order: Order,
  grant: NonNullable<RefundOrderInput['grant']>,
): Promise<string> {
  const amountMinor = await requested(order, grant);
  if (amountMinor === undefined) return 'refused';
  if (amountMinor === 0) return 'nothing to give back';
  const { id, reason } = grant;
  const state = await refunds.settleRefund({ id });
  if (state === 'succeeded') await conclude(order, { id, amountMinor, reason });
  return state;
}

/** One that the provider does not show in time has its next look in the record. */
async function looked(order: Order, recheck: RefundOrderInput['recheck']): Promise<string> {
  if (!recheck) return 'nothing to look at';
  const seen = await looks.lookAtRefund(recheck).catch((error: unknown) => {
    if (ranOutOfTime(error)) return undefined;
    throw error;
  });
  // What was confirmed at once has been concluded by the workflow that sent it.
  if (seen?.state === 'succeeded' && seen.wasPending) await conclude(order, seen);
  return seen?.state ?? 'not seen';
}

interface Confirmed {
  id: string;
  amountMinor: number;
  reason: string;
}

/** The money is on its way: a return that it belongs to has ended, and the shopper is told. */
async function conclude(order: Order, { id, amountMinor, reason }: Confirmed): Promise<void> {
  const returnId = returnOfRefund(reason);
  if (returnId) await returns.concludeReturn({ returnId, storeId: order.storeId });
  const mail = { ...order, kind: 'refunded' as const, about: id, amountMinor };
  await notifications.notifyShopper(mail).catch(() => undefined);
}

/** A refusal is told: what was left when the operator asked may have gone since. */
async function requested(
  order: Order,
  grant: NonNullable<RefundOrderInput['grant']>,
): Promise<number | undefined> {
  try {
    return await refunds.requestRefund({ ...order, ...grant });
  } catch (error) {
    const refusal = refusalIn(error);
    if (!refusal) throw error;
    const detail = `${refusal.code}: ${refusal.message}`;
    const question = { step: refundStep(grant.id), reason: 'REFUND_FAILED' as const, detail };
    await records.raiseAttention({ ...order, ...question, actions: ['dismiss'] });
    return undefined;
  }
}
