// Disputes and inquiries of the card sandbox: opened, answered, conceded, decided; fraud warnings.
import { leftOf, newId, type Context } from './charges.ts';
import { assertWhole } from './currencies.ts';
import type { Params } from './form.ts';
import {
  findCard,
  invalidRequest,
  missing,
  type Charge,
  type Dispute,
  type DisputeStatus,
} from './objects.ts';
import { metadataOf } from './parameters.ts';

export const ANSWER_SECONDS = 7 * 24 * 3_600;
/** Evidence that decides a dispute in test mode: https://docs.stripe.com/testing#evidence */
const VERDICTS: Record<string, 'won' | 'lost'> = {
  winning_evidence: 'won',
  losing_evidence: 'lost',
};

/** The status once evidence is submitted, of each status that takes evidence. */
const ANSWERED: Partial<Record<DisputeStatus, DisputeStatus>> = {
  needs_response: 'under_review',
  warning_needs_response: 'warning_under_review',
};

const disputeById = ({ ledger }: Context, id: string): Dispute => {
  const dispute = ledger.find<Dispute>('dispute', id);
  if (!dispute) throw missing('dispute', id);
  return dispute;
};

const save = ({ ledger }: Context, dispute: Dispute): Dispute => {
  ledger.put('dispute', dispute);
  return dispute;
};

const OF_CARD = { isInquiry: false, answerSeconds: ANSWER_SECONDS };
interface Claim {
  reason: string;
  isInquiry: boolean;
  answerSeconds: number;
  /** Absent means all that is left of the charge. */
  amount?: number | undefined;
}

/** Opens a dispute, whose money the bank withdraws immediately, or an inquiry, which takes none. */
export const openDispute = (context: Context, charge: Charge, claim: Claim): Dispute => {
  if (!charge.captured) throw invalidRequest('This charge has not been captured.');
  const left = leftOf(context, charge);
  const { reason, isInquiry, answerSeconds, amount = left } = claim;
  if (amount > left || left === 0) throw invalidRequest('This charge is already disputed.');
  assertWhole(amount, charge.currency);
  const now = context.nowSeconds();
  const details = { due_by: now + answerSeconds, past_due: false, submission_count: 0 };
  const dispute = save(context, {
    id: newId('dp'),
    object: 'dispute',
    amount,
    charge: charge.id,
    created: now,
    currency: charge.currency,
    evidence: {},
    evidence_details: { ...details, has_evidence: false },
    is_charge_refundable: isInquiry,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason,
    status: isInquiry ? 'warning_needs_response' : 'needs_response',
  });
  context.ledger.put('charge', { ...charge, disputed: true });
  context.announce('charge.dispute.created', dispute);
  if (!isInquiry) context.announce('charge.dispute.funds_withdrawn', dispute);
  return dispute;
};

/** https://docs.stripe.com/api/radar/early_fraud_warnings/object */
const warnOfFraud = ({ announce, nowSeconds }: Context, charge: Charge, type: string): void =>
  announce('radar.early_fraud_warning.created', {
    id: newId('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: charge.id,
    created: nowSeconds(),
    fraud_type: type,
    livemode: false,
    payment_intent: charge.payment_intent,
  });

/** Does what the bank of a test card does by itself. */
export const complainByCard = (context: Context, charge: Charge): void => {
  const card = findCard(charge.payment_method ?? '');
  if (card?.outcome !== 'succeeds' || !card.complaint) return;
  const { kind, reason } = card.complaint;
  if (kind === 'fraud warning') warnOfFraud(context, charge, reason);
  else openDispute(context, charge, { ...OF_CARD, reason, isInquiry: kind === 'inquiry' });
};

const isWarning = ({ status }: Dispute): boolean => status.startsWith('warning_');
const isOver = ({ status }: Dispute): boolean => ['won', 'lost', 'warning_closed'].includes(status);

/** What the bank may decide: an inquiry is closed, or escalates to a dispute. */
export const DISPUTE_OUTCOMES = ['won', 'lost', 'closed', 'escalated'] as const;
type Outcome = (typeof DISPUTE_OUTCOMES)[number];

/** The bank withdraws what is left of the inquiry's amount, and takes evidence anew. */
const escalate = (context: Context, inquiry: Dispute): Dispute => {
  const charge = context.ledger.find<Charge>('charge', inquiry.charge);
  if (!charge) throw missing('charge', inquiry.charge);
  const amount = Math.min(inquiry.amount, leftOf(context, charge));
  if (amount === 0) throw invalidRequest('Nothing of this charge is left.');
  const due_by = context.nowSeconds() + ANSWER_SECONDS;
  const dispute = save(context, {
    ...inquiry,
    amount,
    is_charge_refundable: false,
    status: 'needs_response',
    evidence_details: { ...inquiry.evidence_details, due_by },
  });
  context.announce('charge.dispute.updated', dispute);
  context.announce('charge.dispute.funds_withdrawn', dispute);
  return dispute;
};

export const decideDispute = (context: Context, id: string, outcome: Outcome): Dispute => {
  const dispute = disputeById(context, id);
  if (isOver(dispute)) throw invalidRequest(`This dispute is already ${dispute.status}.`);
  const isOfInquiry = outcome === 'closed' || outcome === 'escalated';
  if (isWarning(dispute) !== isOfInquiry) {
    throw invalidRequest(`What is ${dispute.status} cannot be ${outcome}.`);
  }
  if (outcome === 'escalated') return escalate(context, dispute);
  const status = outcome === 'closed' ? 'warning_closed' : outcome;
  const decided = save(context, { ...dispute, status });
  if (outcome === 'won') context.announce('charge.dispute.funds_reinstated', decided);
  context.announce('charge.dispute.closed', decided);
  return decided;
};

/** The merchant accepts it as lost: https://docs.stripe.com/api/disputes/close */
export const closeDispute = (context: Context, id: string): Dispute => {
  const { status } = disputeById(context, id);
  if (status === 'needs_response') return decideDispute(context, id, 'lost');
  throw invalidRequest(`This dispute is ${status} and cannot be closed.`);
};

/** Collects evidence until it is submitted, which is possible once and in time. */
export const answerDispute = (context: Context, id: string, params: Params): Dispute => {
  const dispute = disputeById(context, id);
  const { due_by, submission_count, past_due } = dispute.evidence_details;
  const after = ANSWERED[dispute.status];
  if (!after) {
    throw invalidRequest(`This dispute is ${dispute.status} and takes no more evidence.`);
  }
  if (context.nowSeconds() > due_by) throw invalidRequest('This dispute is past its due date.');
  const evidence = { ...dispute.evidence, ...params.map('evidence') };
  const submits = params.flag('submit');
  const answered = save(context, {
    ...dispute,
    evidence,
    metadata: { ...dispute.metadata, ...metadataOf(params) },
    status: submits ? after : dispute.status,
    evidence_details: {
      due_by,
      past_due,
      has_evidence: Object.keys(evidence).length > 0,
      submission_count: submission_count + (submits ? 1 : 0),
    },
  });
  context.announce('charge.dispute.updated', answered);
  const isDecidable = submits && after === 'under_review';
  const verdict = isDecidable ? VERDICTS[evidence['uncategorized_text'] ?? ''] : undefined;
  return verdict ? decideDispute(context, id, verdict) : answered;
};
