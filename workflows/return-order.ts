// Follows a return: approved, sent back, received, refunded, and put on hand again.
import { ActivityFailure, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { notifications, refunds, returns, stockUndo } from './activity-proxies.ts';
import { ranOutOfTime } from './order/refusals.ts';
import { returnProgress, type ReturnOrderInput } from './return-order.contract.ts';

export async function returnOrder(input: ReturnOrderInput): Promise<string> {
  const { returnId, orderId, storeId, units, refundMinor: worthMinor, pollMs } = input;
  const it = { returnId, storeId };
  const order = { orderId, storeId };
  let step = 'approving';
  setHandler(returnProgress, () => step);
  const showStep = (what: string): void => {
    step = what;
    setCurrentDetails(what);
  };

  showStep('booking the return parcel');
  await returns.approveReturn(it);
  showStep('waiting for the parcel');
  if (!(await comesBack(it, pollMs))) {
    await returns.endReturn({ ...it, state: 'expired' });
    return 'expired';
  }
  showStep('refunding');
  const reason = `return ${returnId}`;
  const wanted = { id: returnId, amountMinor: worthMinor, isAtMost: true, reason };
  const amountMinor = await refunds.requestRefund({ ...order, ...wanted });
  const isMade =
    amountMinor === 0 || (await refunds.settleRefund({ id: returnId })) === 'succeeded';
  showStep('putting the units back on hand');
  await stockUndo.restockUnits({ ...order, receiptId: returnId, units });
  // A refund that the bank refused has raised an attention: an operator refunds it.
  if (!isMade) return 'received';
  await returns.endReturn({ ...it, state: 'refunded' });
  const mail = { ...order, kind: 'refunded' as const, about: returnId, amountMinor };
  if (amountMinor > 0) await notifications.notifyShopper(mail).catch(() => undefined);
  showStep('refunded');
  return 'refunded';
}

/** False when the parcel was lost or not sent in time. */
async function comesBack(it: { returnId: string; storeId: string }, pollMs: number) {
  try {
    return (await returns.followReturn({ ...it, pollMs })) === 'received';
  } catch (error) {
    if (error instanceof ActivityFailure && ranOutOfTime(error)) return false;
    throw error;
  }
}
