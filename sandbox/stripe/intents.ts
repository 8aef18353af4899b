// PaymentIntents and their life, as Stripe documents it: docs.stripe.com/payments/paymentintents
import {
  findCard,
  invalidRequest,
  messageOf,
  missing,
  StripeError,
  type Charge,
  type Intent,
} from './objects.ts';
import { intentById, newId, putCharge, refund, save, type Books } from './charges.ts';
import { disputeByCard } from './disputes.ts';
import type { Params } from './form.ts';
import {
  cancellationReasonOf,
  captureMethodOf,
  currencyOf,
  integerOf,
  metadataOf,
  methodOf,
} from './parameters.ts';

const OPEN = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
const CLOSED = ['succeeded', 'canceled'];

const wrongState = (intent: Intent, verb: string): StripeError =>
  invalidRequest(
    `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}.`,
    { code: 'payment_intent_unexpected_state', payment_intent: intent },
  );

const captureNow = (books: Books, intent: Intent, amount: number): Intent => {
  const charge = books.ledger.find<Charge>('charge', intent.latest_charge ?? '');
  if (!charge) throw new Error('an authorised intent has no charge');
  const captured = { ...charge, captured: true, amount_captured: amount };
  books.ledger.put('charge', captured);
  intent.amount_received = amount;
  intent.amount_capturable = 0;
  save(books, intent, 'succeeded', 'succeeded');
  disputeByCard(books, captured);
  return intent;
};

const authorise = (books: Books, intent: Intent): Intent => {
  intent.latest_charge = putCharge(books, intent, null).id;
  intent.last_payment_error = null;
  intent.next_action = null;
  if (intent.capture_method !== 'manual') return captureNow(books, intent, intent.amount);
  intent.amount_capturable = intent.amount;
  return save(books, intent, 'requires_capture', 'amount_capturable_updated');
};

const refuse = (books: Books, intent: Intent, details: Record<string, string>): StripeError => {
  const error = { type: 'card_error', ...details, payment_method: intent.payment_method };
  intent.next_action = null;
  intent.last_payment_error = error;
  intent.payment_method = null;
  save(books, intent, 'requires_payment_method', 'payment_failed');
  return new StripeError(402, { ...error, payment_intent: intent });
};

const decline = (books: Books, intent: Intent, code: string, declineCode: string): StripeError => {
  intent.latest_charge = putCharge(books, intent, code, declineCode).id;
  return refuse(books, intent, {
    code,
    decline_code: declineCode,
    charge: intent.latest_charge,
    message: messageOf(declineCode),
  });
};

const confirmNow = (books: Books, intent: Intent, offSession: boolean): Intent | StripeError => {
  const card = findCard(intent.payment_method ?? '');
  if (!card) throw missing('PaymentMethod', intent.payment_method ?? '');
  if (card.outcome === 'succeeds') return authorise(books, intent);
  if (card.outcome === 'declines') return decline(books, intent, card.code, card.declineCode);
  const required = 'authentication_required';
  if (offSession) return decline(books, intent, required, required);
  intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure' } };
  return save(books, intent, 'requires_action', 'requires_action');
};

const newIntent = ({ nowSeconds }: Books, params: Params, method: string | null): Intent => {
  const id = newId('pi');
  return {
    id,
    object: 'payment_intent',
    amount: integerOf(params, 'amount'),
    amount_capturable: 0,
    amount_received: 0,
    capture_method: captureMethodOf(params),
    client_secret: `${id}_secret_${newId('s').slice(2)}`,
    confirmation_method: params.text('confirmation_method') ?? 'automatic',
    created: nowSeconds(),
    currency: currencyOf(params),
    description: params.text('description') ?? null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: metadataOf(params),
    next_action: null,
    payment_method: method,
    payment_method_types: ['card'],
    receipt_email: params.text('receipt_email') ?? null,
    status: method ? 'requires_confirmation' : 'requires_payment_method',
    canceled_at: null,
    cancellation_reason: null,
  };
};

const create = (books: Books, params: Params): Intent | StripeError => {
  const method = methodOf(params) ?? null;
  const confirmed = params.flag('confirm');
  if (confirmed && !method) params.required('payment_method');
  const intent = newIntent(books, params, method);
  save(books, intent, intent.status, 'created');
  return confirmed ? confirmNow(books, intent, params.flag('off_session')) : intent;
};

const confirm = (books: Books, id: string, params: Params): Intent | StripeError => {
  const intent = intentById(books, id);
  if (!OPEN.includes(intent.status)) throw wrongState(intent, 'confirmed');
  intent.payment_method = methodOf(params) ?? intent.payment_method;
  if (!intent.payment_method) {
    throw invalidRequest('You cannot confirm without a payment method.', {
      code: 'payment_intent_unexpected_state',
      payment_intent: intent,
    });
  }
  return confirmNow(books, intent, params.flag('off_session'));
};

const capture = (books: Books, id: string, params: Params): Intent => {
  const intent = intentById(books, id);
  if (intent.status !== 'requires_capture') throw wrongState(intent, 'captured');
  const given = params.text('amount_to_capture');
  const amount = given === undefined ? intent.amount : integerOf(params, 'amount_to_capture');
  if (amount > intent.amount_capturable) {
    throw invalidRequest('amount_to_capture is greater than what can be captured.', {
      code: 'amount_too_large',
      param: 'amount_to_capture',
    });
  }
  return captureNow(books, intent, amount);
};

const cancel = (books: Books, id: string, params: Params): Intent => {
  const intent = intentById(books, id);
  if (CLOSED.includes(intent.status)) throw wrongState(intent, 'canceled');
  intent.canceled_at = books.nowSeconds();
  intent.cancellation_reason = cancellationReasonOf(params);
  intent.amount_capturable = 0;
  intent.next_action = null;
  return save(books, intent, 'canceled', 'canceled');
};

const authenticate = (books: Books, id: string, succeeded: boolean): Intent => {
  const intent = intentById(books, id);
  if (intent.status !== 'requires_action') throw wrongState(intent, 'authenticated');
  if (succeeded) return authorise(books, intent);
  const code = 'payment_intent_authentication_failure';
  refuse(books, intent, { code, message: messageOf(code) });
  return intent;
};

export const createIntents = (books: Books) => ({
  intentById: (id: string) => intentById(books, id),
  create: (params: Params) => create(books, params),
  confirm: (id: string, params: Params) => confirm(books, id, params),
  capture: (id: string, params: Params) => capture(books, id, params),
  cancel: (id: string, params: Params) => cancel(books, id, params),
  /** The shopper's answer to 3-D Secure, which on Stripe is given in the browser. */
  authenticate: (id: string, succeeded: boolean) => authenticate(books, id, succeeded),
  refund: (params: Params) => refund(books, params),
});

export type Intents = ReturnType<typeof createIntents>;
