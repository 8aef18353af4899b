// Grants, sends and settles one refund, or settles one that changed at the provider.
import { refundStep } from '../domain/attention.ts';
import { returnOfRefund } from '../domain/returns.ts';
import { notifications, records, refunds, returns } from './activity-proxies.ts';
import { refusalIn } from './order/refusals.ts';
import type { RefundOrderInput } from './refund-order.contract.ts';

export async function refundOrder(input: RefundOrderInput): Promise<string> {
  const { orderId, storeId, grant, recheck } = input;
  const order = { orderId, storeId };
  if (recheck) await refunds.recheckRefund(recheck);
  if (!grant) return 'rechecked';
  const amountMinor = await requested(order, grant);
  if (amountMinor === undefined) return 'refused';
  if (amountMinor === 0) return 'nothing to give back';
  const outcome = await refunds.settleRefund({ id: grant.id });
  if (outcome === 'failed') return outcome;
  // A return whose first refund the bank refused ends with this one.
  const returnId = grant.replaces && returnOfRefund(grant.reason);
  if (returnId) await returns.endReturn({ returnId, storeId, state: 'refunded' });
  const mail = { ...order, kind: 'refunded' as const, about: grant.id, amountMinor };
  await notifications.notifyShopper(mail).catch(() => undefined);
  return outcome;
}

/** A refusal is told: what was left when the operator asked may have gone since. */
async function requested(
  order: { orderId: string; storeId: string },
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
