// Charges and refunds of the card sandbox: the bank's results and the refunded amounts.
import {
  findCard,
  invalidRequest,
  messageOf,
  missing,
  type Charge,
  type Dispute,
  type Intent,
  type IntentStatus,
  type Refund,
} from './objects.ts';
import { assertWhole } from './currencies.ts';
import type { Ledger } from './ledger.ts';
import type { Params } from './form.ts';
import { integerOf, metadataOf, refundReasonOf } from './parameters.ts';

export type Announce = (type: string, object: unknown) => void;

/** What every operation uses: the ledger, the event publisher, and the sandbox's clock. */
export interface Context {
  ledger: Ledger;
  announce: Announce;
  nowSeconds(): number;
}

export const newId = (prefix: string): string =>
  `${prefix}_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;

export const intentById = ({ ledger }: Context, id: string): Intent => {
  const intent = ledger.find<Intent>('payment_intent', id);
  if (!intent) throw missing('payment_intent', id);
  return intent;
};

export const save = (
  { ledger, announce }: Context,
  intent: Intent,
  status: IntentStatus,
  event?: string,
): Intent => {
  intent.status = status;
  ledger.put('payment_intent', intent);
  if (event) announce(`payment_intent.${event}`, intent);
  return intent;
};

/** Records the bank's result: `failureCode` is null when the charge succeeded. */
export const putCharge = (
  { ledger, nowSeconds }: Context,
  intent: Intent,
  failureCode: string | null,
  declineCode: string | null = null,
): Charge => {
  const charge: Charge = {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    captured: false,
    created: nowSeconds(),
    currency: intent.currency,
    disputed: false,
    failure_code: failureCode,
    failure_message: declineCode && messageOf(declineCode),
    livemode: false,
    outcome: {
      network_status: failureCode ? 'declined_by_network' : 'approved_by_network',
      reason: declineCode,
      type: failureCode ? 'issuer_declined' : 'authorized',
    },
    metadata: intent.metadata,
    paid: failureCode === null,
    payment_intent: intent.id,
    payment_method: intent.payment_method,
    refunded: false,
    status: failureCode === null ? 'succeeded' : 'failed',
  };
  ledger.put('charge', charge);
  return charge;
};

const chargeToRefund = (context: Context, params: Params): Charge => {
  const id = params.text('charge');
  const intent = id === undefined && intentById(context, params.required('payment_intent'));
  const chargeId = intent ? (intent.latest_charge ?? '') : (id ?? '');
  const charge = context.ledger.find<Charge>('charge', chargeId);
  if (!charge && id !== undefined) throw missing('charge', id, 'charge');
  if (!charge?.captured) throw invalidRequest('This charge has not been captured.');
  return charge;
};

/** What disputes have withdrawn of a charge; an inquiry withdraws nothing. */
const withdrawn = ({ ledger }: Context, charge: Charge): number => {
  if (!charge.disputed) return 0;
  let sum = 0;
  for (const { charge: id, status, amount } of ledger.newest<Dispute>('dispute')) {
    const isGone = status !== 'won' && !status.startsWith('warning_');
    if (id === charge.id && isGone) sum += amount;
  }
  return sum;
};

/** What neither a refund nor a dispute has taken of a charge. */
export const leftOf = (context: Context, charge: Charge): number =>
  charge.amount_captured - charge.amount_refunded - withdrawn(context, charge);

const amountToRefund = (context: Context, charge: Charge, params: Params): number => {
  const unrefunded = charge.amount_captured - charge.amount_refunded;
  const left = leftOf(context, charge);
  const given = params.text('amount');
  const amount = given === undefined ? left : integerOf(params, 'amount');
  if (unrefunded === 0) {
    throw invalidRequest('Charge has already been refunded.', { code: 'charge_already_refunded' });
  }
  if (amount > unrefunded) {
    throw invalidRequest('Refund amount is greater than unrefunded amount.');
  }
  if (amount > left || left === 0) {
    throw invalidRequest('The charge has been charged back.', { code: 'charge_disputed' });
  }
  return assertWhole(amount, charge.currency);
};

export const refund = (context: Context, params: Params): Refund => {
  const { ledger, announce, nowSeconds } = context;
  const charge = chargeToRefund(context, params);
  const amount = amountToRefund(context, charge, params);
  const made: Refund = {
    id: newId('re'),
    object: 'refund',
    amount,
    charge: charge.id,
    created: nowSeconds(),
    currency: charge.currency,
    metadata: metadataOf(params),
    payment_intent: charge.payment_intent,
    reason: refundReasonOf(params),
    status: refundOf(charge) === 'pending' ? 'pending' : 'succeeded',
  };
  ledger.put('refund', made);
  announce('refund.created', made);
  announce('charge.refunded', changeRefunded(context, charge, amount));
  return made;
};

/** The bank's result of a refund of this charge; undefined means it succeeds immediately. */
const refundOf = ({ payment_method: method }: Charge): 'pending' | 'fails' | undefined => {
  const card = findCard(method ?? '');
  return card?.outcome === 'succeeds' ? card.refund : undefined;
};

const changeRefunded = ({ ledger }: Context, charge: Charge, amount: number): Charge => {
  const refunded = charge.amount_refunded + amount;
  const after = {
    ...charge,
    amount_refunded: refunded,
    refunded: refunded === charge.amount_captured,
  };
  ledger.put('charge', after);
  return after;
};

/** True until the bank's final result of a refund. */
const isOpen = (context: Context, refund: Refund): boolean => {
  const charge = context.ledger.find<Charge>('charge', refund.charge);
  if (refund.status === 'pending') return true;
  return refund.status === 'succeeded' && charge !== undefined && refundOf(charge) === 'fails';
};

const settleRefund = (context: Context, open: Refund): void => {
  const charge = context.ledger.find<Charge>('charge', open.charge);
  const fails = charge !== undefined && refundOf(charge) === 'fails';
  const after: Refund = fails
    ? { ...open, status: 'failed', failure_reason: 'lost_or_stolen_card' }
    : { ...open, status: 'succeeded' };
  context.ledger.put('refund', after);
  if (fails) changeRefunded(context, charge, -open.amount);
  context.announce(fails ? 'refund.failed' : 'refund.updated', after);
};

/** Settles refunds created from `fromSeconds` to `toSeconds`; a failed one is undone. */
export const settleRefunds = (context: Context, fromSeconds: number, toSeconds: number): void => {
  const open: Refund[] = [];
  for (const one of context.ledger.newest<Refund>('refund')) {
    if (one.created < fromSeconds) break;
    if (one.created <= toSeconds && isOpen(context, one)) open.push(one);
  }
  for (const one of open.toReversed()) settleRefund(context, one);
};
