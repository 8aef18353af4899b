// Disputes of the card sandbox: opened by a card or by order, answered with evidence, decided.
import { newId, type Books } from './charges.ts';
import type { Params } from './form.ts';
import { findCard, invalidRequest, missing, type Charge, type Dispute } from './objects.ts';
import { metadataOf } from './parameters.ts';

const ANSWER_SECONDS = 7 * 24 * 3_600;
/** What decides a dispute in test mode: https://docs.stripe.com/testing#evidence */
const VERDICTS: Record<string, 'won' | 'lost'> = {
  winning_evidence: 'won',
  losing_evidence: 'lost',
};

export const disputeById = ({ ledger }: Books, id: string): Dispute => {
  const dispute = ledger.find<Dispute>('dispute', id);
  if (!dispute) throw missing('dispute', id);
  return dispute;
};

const save = ({ ledger }: Books, dispute: Dispute): Dispute => {
  ledger.put('dispute', dispute);
  return dispute;
};

/** The bank takes the money back at once, and asks why it should not keep it. */
export const openDispute = (books: Books, charge: Charge, reason: string): Dispute => {
  if (!charge.captured) throw invalidRequest('This charge has not been captured.');
  if (charge.disputed) throw invalidRequest('This charge is already disputed.');
  const now = books.nowSeconds();
  const dispute = save(books, {
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
  books.ledger.put('charge', { ...charge, disputed: true });
  books.announce('charge.dispute.created', dispute);
  books.announce('charge.dispute.funds_withdrawn', dispute);
  return dispute;
};

export const disputeByCard = (books: Books, charge: Charge): void => {
  const card = findCard(charge.payment_method ?? '');
  if (card?.outcome === 'succeeds' && card.dispute) openDispute(books, charge, card.dispute);
};

export const decideDispute = (books: Books, id: string, outcome: 'won' | 'lost'): Dispute => {
  const dispute = disputeById(books, id);
  if (dispute.status === 'won' || dispute.status === 'lost') {
    throw invalidRequest(`This dispute is already ${dispute.status}.`);
  }
  const decided = save(books, { ...dispute, status: outcome });
  if (outcome === 'won') books.announce('charge.dispute.funds_reinstated', decided);
  books.announce('charge.dispute.closed', decided);
  return decided;
};

/** Evidence is gathered until it is submitted; then the bank looks at it. */
export const answerDispute = (books: Books, id: string, params: Params): Dispute => {
  const dispute = disputeById(books, id);
  if (dispute.status !== 'needs_response') {
    throw invalidRequest(`This dispute is ${dispute.status} and takes no more evidence.`);
  }
  const evidence = { ...dispute.evidence, ...params.map('evidence') };
  const submits = params.flag('submit');
  const { due_by, submission_count } = dispute.evidence_details;
  const answered = save(books, {
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
  books.announce('charge.dispute.updated', answered);
  const verdict = submits ? VERDICTS[evidence['uncategorized_text'] ?? ''] : undefined;
  return verdict ? decideDispute(books, id, verdict) : answered;
};
