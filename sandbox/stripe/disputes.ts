// Disputes of the card sandbox: opened by a test card or a control call, answered, decided.
import { newId, type Context } from './charges.ts';
import type { Params } from './form.ts';
import { findCard, invalidRequest, missing, type Charge, type Dispute } from './objects.ts';
import { metadataOf } from './parameters.ts';

const ANSWER_SECONDS = 7 * 24 * 3_600;
/** Evidence that decides a dispute in test mode: https://docs.stripe.com/testing#evidence */
const VERDICTS: Record<string, 'won' | 'lost'> = {
  winning_evidence: 'won',
  losing_evidence: 'lost',
};

export const disputeById = ({ ledger }: Context, id: string): Dispute => {
  const dispute = ledger.find<Dispute>('dispute', id);
  if (!dispute) throw missing('dispute', id);
  return dispute;
};

const save = ({ ledger }: Context, dispute: Dispute): Dispute => {
  ledger.put('dispute', dispute);
  return dispute;
};

/** Opens a dispute: the bank withdraws the money immediately and requests evidence. */
export const openDispute = (context: Context, charge: Charge, reason: string): Dispute => {
  if (!charge.captured) throw invalidRequest('This charge has not been captured.');
  if (charge.disputed) throw invalidRequest('This charge is already disputed.');
  const now = context.nowSeconds();
  const dispute = save(context, {
    id: newId('dp'),
    object: 'dispute',
    amount: charge.amount_captured - charge.amount_refunded,
    charge: charge.id,
    created: now,
    currency: charge.currency,
    evidence: {},
    evidence_details: { due_by: now + ANSWER_SECONDS, has_evidence: false, submission_count: 0 },
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason,
    status: 'needs_response',
  });
  context.ledger.put('charge', { ...charge, disputed: true });
  context.announce('charge.dispute.created', dispute);
  context.announce('charge.dispute.funds_withdrawn', dispute);
  return dispute;
};

export const disputeByCard = (context: Context, charge: Charge): void => {
  const card = findCard(charge.payment_method ?? '');
  if (card?.outcome === 'succeeds' && card.dispute) openDispute(context, charge, card.dispute);
};

export const decideDispute = (context: Context, id: string, outcome: 'won' | 'lost'): Dispute => {
  const dispute = disputeById(context, id);
  if (dispute.status === 'won' || dispute.status === 'lost') {
    throw invalidRequest(`This dispute is already ${dispute.status}.`);
  }
  const decided = save(context, { ...dispute, status: outcome });
  if (outcome === 'won') context.announce('charge.dispute.funds_reinstated', decided);
  context.announce('charge.dispute.closed', decided);
  return decided;
};

/** Collects evidence until it is submitted, which decides the dispute. */
export const answerDispute = (context: Context, id: string, params: Params): Dispute => {
  const dispute = disputeById(context, id);
  if (dispute.status !== 'needs_response') {
    throw invalidRequest(`This dispute is ${dispute.status} and takes no more evidence.`);
  }
  const evidence = { ...dispute.evidence, ...params.map('evidence') };
  const submits = params.flag('submit');
  const { due_by, submission_count } = dispute.evidence_details;
  const answered = save(context, {
    ...dispute,
    evidence,
    metadata: { ...dispute.metadata, ...metadataOf(params) },
    status: submits ? 'under_review' : 'needs_response',
    evidence_details: {
      due_by,
      has_evidence: Object.keys(evidence).length > 0,
      submission_count: submission_count + (submits ? 1 : 0),
    },
  });
  context.announce('charge.dispute.updated', answered);
  const verdict = submits ? VERDICTS[evidence['uncategorized_text'] ?? ''] : undefined;
  return verdict ? decideDispute(context, id, verdict) : answered;
};
