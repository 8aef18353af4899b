// Settles a dispute: records it, answers it by rule or by a person's decision, awaits its end.
import { CancellationScope, condition, continueAsNew, sleep } from '@temporalio/workflow';
import { DISPUTE_LOOKS } from '../domain/looks.ts';
import type { DisputeEnd } from '../domain/disputes/dispute.ts';
import { disputes, looks } from './activity-proxies.ts';
import { attendingOf, showStep, type Attending } from './order/attending.ts';
import { lookAtOnce, untilKnown, type Looks } from './order/looking.ts';
import { persistOwn } from './order/persist.ts';
import { illegal, onUpdate, setAttendingHandlers } from './order/repairs.ts';
import {
  decideDispute,
  type DisputeDecision,
  type SettleDisputeInput,
} from './settle-dispute.contract.ts';

/** A decision that is awaited, or is being carried out. */
interface Choice {
  decision?: DisputeDecision;
}

interface DisputeState extends Attending {
  it: { disputeId: string; orderId: string; storeId: string };
  choice: Choice | undefined;
}

/** An end, or an inquiry that has become a dispute. */
type Verdict = DisputeEnd | 'escalated';

/** Temporal's own cancellation changes nothing: the bank decides. */
export function settleDispute(input: SettleDisputeInput): Promise<DisputeEnd> {
  return CancellationScope.nonCancellable(() => settle(input));
}

async function settle(input: SettleDisputeInput): Promise<DisputeEnd> {
  const { disputeId, orderId, storeId, resume } = input;
  const state: DisputeState = {
    ...attendingOf({ orderId, storeId }, 'dispute', resume?.looks),
    it: { disputeId, orderId, storeId },
    choice: undefined,
  };
  setAttendingHandlers(state);
  setDecisionHandler(state);
  for (let isAnswered = resume?.isAnswered ?? false; ; isAnswered = false) {
    const early = isAnswered ? undefined : await answer(state, input);
    const verdict = early ?? (await awaitVerdict(state, input));
    showStep(state, verdict);
    // An inquiry that has become a dispute is recorded and answered anew.
    if (verdict !== 'escalated') return verdict;
  }
}

const setDecisionHandler = (state: DisputeState): void =>
  onUpdate(
    decideDispute,
    async (decision) => {
      const { choice } = state;
      if (choice) choice.decision = decision;
      lookAtOnce(state);
      await condition(() => state.choice !== choice);
    },
    () => {
      if (!state.choice) throw illegal('no evidence waits for a decision');
      if (state.choice.decision) throw illegal('it is being carried out already');
    },
  );

const step = <T>(
  state: DisputeState,
  name: string,
  work: () => Promise<T>,
  skipped?: () => Promise<T>,
): Promise<T> => {
  const reason = 'DISPUTE_STEP_FAILED';
  return persistOwn(state, { name, reason, work, ...(skipped && { skipped }) });
};

const leave = (): Promise<undefined> => Promise.resolve(undefined);

/** Records it and sends its evidence, unless the bank decides before. */
async function answer(
  state: DisputeState,
  input: SettleDisputeInput,
): Promise<Verdict | undefined> {
  const { it } = state;
  await step(state, 'recording it', () => disputes.recordDispute(it));
  // A person may decide as soon as the evidence is recorded.
  const choice: Choice = {};
  state.choice = choice;
  try {
    const prepare = () => disputes.prepareEvidence(it);
    const prepared = await step(state, 'preparing the evidence', prepare, leave);
    if (!prepared) {
      lookAtOnce(state);
      return undefined;
    }
    const decide = () => decisionOf(state, input, choice, prepared.decisionMs);
    const decided = await step(state, 'waiting for a decision', decide);
    if (typeof decided === 'string') return decided === 'answered' ? undefined : decided;
    await carryOut(state, decided);
    return undefined;
  } finally {
    state.choice = undefined;
  }
}

const BY_RULE: DisputeDecision = { action: 'submit' };

/** What a person decides in time, else the rule; or what has happened at the provider meanwhile. */
async function decisionOf(
  state: DisputeState,
  input: SettleDisputeInput,
  choice: Choice,
  decisionMs: number,
): Promise<DisputeDecision | Verdict | 'answered'> {
  if (decisionMs === 0) return (choice.decision ??= BY_RULE);
  const atEnd = (): void => {
    choice.decision ??= BY_RULE;
    lookAtOnce(state);
  };
  void sleep(decisionMs).then(atEnd, () => undefined);
  return untilKnown(state, {
    schedule: DISPUTE_LOOKS,
    firstMs: input.firstLookMs,
    look: async () => choice.decision ?? looks.lookAtDispute(state.it),
    continueAsNew: (present) => goOn(input, present, false),
  });
}

async function carryOut(state: DisputeState, decision: DisputeDecision): Promise<void> {
  const { it } = state;
  const { action, evidence } = decision;
  if (action === 'accept')
    await step(state, 'conceding it', () => disputes.concedeDispute(it), leave);
  else {
    const send = () => disputes.submitEvidence({ ...it, ...(evidence && { evidence }) });
    await step(state, 'submitting the evidence', send, leave);
  }
  lookAtOnce(state);
}

function awaitVerdict(state: DisputeState, input: SettleDisputeInput): Promise<Verdict> {
  const wait = () =>
    untilKnown(state, {
      schedule: DISPUTE_LOOKS,
      firstMs: input.firstLookMs,
      look: async () => {
        const seen = await looks.lookAtDispute(state.it);
        return seen === 'answered' ? undefined : seen;
      },
      continueAsNew: (present) => goOn(input, present, true),
    });
  return step(state, 'waiting for the verdict', wait);
}

const goOn = (input: SettleDisputeInput, looks: Looks, isAnswered: boolean): Promise<never> =>
  continueAsNew<typeof settleDispute>({ ...input, resume: { looks, isAnswered } });
