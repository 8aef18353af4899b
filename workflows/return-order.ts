// Follows a return: approved, sent back, received, inspected, refunded, and put on hand again.
import { CancellationScope, condition, continueAsNew } from '@temporalio/workflow';
import type { Inspected } from '../activities/returns.ts';
import { PARCEL_LOOKS } from '../domain/looks.ts';
import { refundReasonOf, type Inspection } from '../domain/returns.ts';
import { looks, refunds, returns, stockUndo } from './activity-proxies.ts';
import { attendingOf, mailShopper, showStep, type Attending } from './order/attending.ts';
import { lookAtOnce, untilKnown } from './order/looking.ts';
import { ownStep, persistOwn } from './order/persist.ts';
import { illegal, onUpdate, setAttendingHandlers } from './order/repairs.ts';
import { inspectReturn, type ReturnOrderInput } from './return-order.contract.ts';

interface ReturnState extends Attending {
  input: ReturnOrderInput;
  ids: { returnId: string; storeId: string };
  /** What a person has decided about it. */
  decision?: Inspection;
  /** The store's rule is being applied. */
  isInspecting: boolean;
  /** Past the decision: it cannot be decided again. */
  isInspected: boolean;
}

/** Temporal's own cancellation changes nothing: goods and money are on their way. */
export function returnOrder(input: ReturnOrderInput): Promise<string> {
  return CancellationScope.nonCancellable(() => comeBack(input));
}

async function comeBack(input: ReturnOrderInput): Promise<string> {
  const { returnId, orderId, storeId, resume } = input;
  const state: ReturnState = {
    ...attendingOf({ orderId, storeId }, 'return', resume),
    input,
    ids: { returnId, storeId },
    isInspecting: false,
    isInspected: false,
  };
  setAttendingHandlers(state);
  setInspectionHandler(state);
  if (!resume) await approve(state);
  if ((await arrives(state)) === 'expired') return 'expired';
  const { accepted, refundMinor, location, note } = await inspect(state);
  if (note !== undefined) await mailShopper(state, 'return_refused', { about: returnId, note });
  if (accepted.length === 0) return 'rejected';
  // Neither waits for the other: the money is owed, and the units are here.
  const [refunded] = await Promise.all([
    refund(state, refundMinor),
    restock(state, accepted, location),
  ]);
  showStep(state, refunded.state);
  if (refunded.state !== 'succeeded') return 'inspected';
  await persistOwn(state, {
    name: 'ending it',
    reason: REASON,
    work: () => returns.concludeReturn(state.ids),
  });
  const { amountMinor } = refunded;
  if (amountMinor > 0) await mailShopper(state, 'refunded', { about: returnId, amountMinor });
  return 'refunded';
}

const FOLLOWING = 'following its parcel';

/** A decision ends the wait for the parcel, and the wait for a person about that. */
const setInspectionHandler = (state: ReturnState): void =>
  onUpdate(
    inspectReturn,
    async (decision) => {
      // While the store's rule is applied it is not known yet whether a person has to decide.
      await condition(() => !state.isInspecting);
      assertUndecided(state);
      state.decision = decision;
      lookAtOnce(state);
      const name = ownStep(FOLLOWING);
      for (const one of state.waiting.filter(({ step }) => step === name)) {
        one.repair ??= { attentionId: one.id, action: 'retry' };
      }
    },
    () => assertUndecided(state),
  );

const assertUndecided = ({ decision, isInspected }: ReturnState): void => {
  if (decision || isInspected) throw illegal('this return is decided already');
};

const REASON = 'RETURN_STEP_FAILED';

/** An operator may skip a label that the carrier refuses: the shopper sends it in another way. */
const approve = (state: ReturnState): Promise<void> =>
  persistOwn(state, {
    name: 'booking its parcel',
    reason: REASON,
    work: () => returns.approveReturn(state.ids),
    skipped: () => {
      // Nothing tells of a parcel without a label: a person is asked for it.
      lookAtOnce(state);
      return returns.approveWithoutParcel(state.ids);
    },
  });

const arrives = (state: ReturnState): Promise<'received' | 'expired'> =>
  persistOwn<'received' | 'expired'>(state, {
    name: FOLLOWING,
    reason: REASON,
    work: () =>
      untilKnown(state, {
        schedule: PARCEL_LOOKS,
        firstMs: state.input.pollMs,
        look: async () => (state.decision ? 'received' : looks.lookAtReturn(state.ids)),
        continueAsNew: (resume) => continueAsNew({ ...state.input, resume }),
      }).catch((error: unknown) => {
        // One that comes while a look fails, or a new run would begin, is carried out here.
        if (state.decision) return 'received';
        throw error;
      }),
    skipped: async () => {
      await returns.receiveReturn(state.ids);
      return 'received';
    },
  });

/** By the store's rule all is accepted on arrival, or a person decides, as long as it takes. */
async function inspect(state: ReturnState): Promise<Inspected> {
  for (;;) {
    const { decision } = state;
    state.isInspecting = decision === undefined;
    const accepted = await persistOwn(state, {
      name: 'inspecting it',
      reason: REASON,
      work: () => returns.inspectReturn({ ...state.ids, ...(decision && { decision }) }),
      skipped: () => returns.inspectReturn({ ...state.ids, decision: {} }),
    });
    state.isInspected = accepted !== undefined;
    state.isInspecting = false;
    if (accepted) return accepted;
    showStep(state, 'waiting for a person to inspect it');
    await condition(() => state.decision !== undefined);
  }
}

/**
 * What was granted of it, 0 when all was given back before. A refund that the bank has refused has
 * raised an attention of its own; that one, and a pending one, ends the return when it succeeds.
 */
const refund = (state: ReturnState, amountMinor: number) => {
  const id = state.ids.returnId;
  const wanted = { id, amountMinor, isOwed: true, reason: refundReasonOf(id) };
  return persistOwn(state, {
    name: 'refunding it',
    reason: 'REFUND_FAILED',
    work: async () => {
      const granted = await refunds.requestRefund({ ...state.order, ...wanted });
      const outcome = granted === 0 ? 'succeeded' : await refunds.settleRefund({ id });
      return { state: outcome, amountMinor: granted };
    },
  });
};

const restock = (
  state: ReturnState,
  accepted: Inspected['accepted'],
  location: string,
): Promise<void> =>
  persistOwn(state, {
    name: 'putting its units on hand',
    reason: REASON,
    work: () => {
      const units = accepted.map((line) => ({ ...line, location }));
      return stockUndo.restockUnits({ ...state.order, receiptId: state.ids.returnId, units });
    },
    skipped: () => Promise.resolve(),
  });
