// Follows a return: approved, sent back, received, refunded, and put on hand again.
import { setHandler } from '@temporalio/workflow';
import { refundReasonOf } from '../domain/returns.ts';
import { notifications, refunds, returns, stockUndo } from './activity-proxies.ts';
import { showStep, type Attending } from './order/attending.ts';
import { persist } from './order/persist.ts';
import { ranOutOfTime } from './order/refusals.ts';
import { setRepairHandler } from './order/repairs.ts';
import { returnOrderId, returnProgress, type ReturnOrderInput } from './return-order.contract.ts';

const REASON = 'RETURN_STEP_FAILED';

export async function returnOrder(input: ReturnOrderInput): Promise<string> {
  const { returnId, orderId, storeId } = input;
  const order = { orderId, storeId };
  const progress = { status: 'return', step: 'approving' };
  const state: Attending = { order, ...progress, waiting: [], cancelRequested: false };
  setRepairHandler(state);
  setHandler(returnProgress, () => state.step);
  await approve(state, input);
  if (!(await comesBack(state, input))) {
    await returns.endReturn({ returnId, storeId, state: 'expired' });
    return 'expired';
  }
  // Neither waits for the other: the money is owed, and the units are here.
  const [refundedMinor] = await Promise.all([refund(state, input), restock(state, input)]);
  if (refundedMinor === undefined) return 'received';
  await returns.endReturn({ returnId, storeId, state: 'refunded' });
  showStep(state, 'refunded');
  if (refundedMinor > 0) await mailRefund(input, refundedMinor);
  return 'refunded';
}

const stepOf = ({ returnId }: ReturnOrderInput, step: string): string =>
  `${returnOrderId(returnId)}: ${step}`;

/** An operator may skip a label that the carrier refuses: the shopper sends it in another way. */
async function approve(state: Attending, input: ReturnOrderInput): Promise<void> {
  const { returnId, storeId } = input;
  showStep(state, 'booking the return parcel');
  await persist(state, {
    name: stepOf(input, 'booking its parcel'),
    reason: REASON,
    work: () => returns.approveReturn({ returnId, storeId }),
    skipped: () => returns.approveWithoutParcel({ returnId, storeId }),
  });
}

/** False when the parcel was lost or not sent in time. */
async function comesBack(state: Attending, input: ReturnOrderInput): Promise<boolean> {
  const { returnId, storeId, pollMs } = input;
  showStep(state, 'waiting for the parcel');
  const work = async (): Promise<boolean> => {
    try {
      return (await returns.followReturn({ returnId, storeId, pollMs })) === 'received';
    } catch (error) {
      if (ranOutOfTime(error)) return false;
      throw error;
    }
  };
  const skipped = async (): Promise<boolean> => {
    await returns.receiveReturn({ returnId, storeId });
    return true;
  };
  const name = stepOf(input, 'following its parcel');
  return persist(state, { name, reason: REASON, work, skipped });
}

/**
 * The granted minor units, 0 when all was given back before. Undefined when the bank has refused
 * it: that has raised an attention of its own, and an operator refunds it.
 */
async function refund(state: Attending, input: ReturnOrderInput): Promise<number | undefined> {
  const { returnId: id, refundMinor: amountMinor } = input;
  showStep(state, 'refunding');
  const wanted = { id, amountMinor, isAtMost: true, reason: refundReasonOf(id) };
  return persist(state, {
    name: stepOf(input, 'refunding it'),
    reason: 'REFUND_FAILED',
    work: async () => {
      const grantedMinor = await refunds.requestRefund({ ...state.order, ...wanted });
      if (grantedMinor === 0) return 0;
      return (await refunds.settleRefund({ id })) === 'succeeded' ? grantedMinor : undefined;
    },
  });
}

async function restock(state: Attending, input: ReturnOrderInput): Promise<void> {
  const { returnId: receiptId, units } = input;
  await persist(state, {
    name: stepOf(input, 'putting its units on hand'),
    reason: REASON,
    work: () => stockUndo.restockUnits({ ...state.order, receiptId, units }),
    skipped: () => Promise.resolve(),
  });
}

const mailRefund = async (input: ReturnOrderInput, amountMinor: number): Promise<void> => {
  const { orderId, storeId, returnId: about } = input;
  const mail = { orderId, storeId, kind: 'refunded' as const, about, amountMinor };
  await notifications.notifyShopper(mail).catch(() => undefined);
};
