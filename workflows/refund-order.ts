// Grants, sends and settles one refund, or settles one that changed at the provider.
import { notifications, refunds } from './activity-proxies.ts';
import type { RefundOrderInput } from './refund-order.contract.ts';

export async function refundOrder(input: RefundOrderInput): Promise<string> {
  const { orderId, storeId, grant, recheck } = input;
  const order = { orderId, storeId };
  if (recheck) await refunds.recheckRefund(recheck);
  if (!grant) return 'rechecked';
  const amountMinor = await refunds.requestRefund({ ...order, ...grant });
  if (amountMinor === 0) return 'nothing to give back';
  const outcome = await refunds.settleRefund({ id: grant.id });
  if (outcome === 'failed') return outcome;
  const mail = { ...order, kind: 'refunded' as const, about: grant.id, amountMinor };
  await notifications.notifyShopper(mail).catch(() => undefined);
  return outcome;
}
