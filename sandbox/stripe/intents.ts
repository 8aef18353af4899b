// PaymentIntents and their states, as in https://docs.stripe.com/payments/paymentintents
import { assertChargeable, assertWhole } from './currencies.ts';
import {
  findCard,
  invalidRequest,
  messageOf,
  missing,
  StripeError,
  type Charge,
  type Intent,
} from './objects.ts';
import { intentById, newId, putCharge, refund, save, type Context } from './charges.ts';
import { complainByCard } from './disputes.ts';
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

const captureNow = (context: Context, intent: Intent, amount: number): Intent => {
  const charge = context.ledger.find<Charge>('charge', intent.latest_charge ?? '');
  if (!charge) throw new Error('an authorised intent has no charge');
  const captured = { ...charge, captured: true, amount_captured: amount };
  context.ledger.put('charge', captured);
  intent.amount_received = amount;
  intent.amount_capturable = 0;
  save(context, intent, 'succeeded', 'succeeded');
  complainByCard(context, captured);
  return intent;
};

const authorise = (context: Context, intent: Intent): Intent => {
  intent.latest_charge = putCharge(context, intent, null).id;
  intent.last_payment_error = null;
  intent.next_action = null;
  if (intent.capture_method !== 'manual') return captureNow(context, intent, intent.amount);
  intent.amount_capturable = intent.amount;
  return save(context, intent, 'requires_capture', 'amount_capturable_updated');
};

const refuse = (context: Context, intent: Intent, details: Record<string, string>): StripeError => {
  const error = { type: 'card_error', ...details, payment_method: intent.payment_method };
  intent.next_action = null;
  intent.last_payment_error = error;
  intent.payment_method = null;
  save(context, intent, 'requires_payment_method', 'payment_failed');
  return new StripeError(402, { ...error, payment_intent: intent });
};

const decline = (
  context: Context,
  intent: Intent,
  code: string,
  declineCode: string,
): StripeError => {
  intent.latest_charge = putCharge(context, intent, code, declineCode).id;
  return refuse(context, intent, {
    code,
    decline_code: declineCode,
    charge: intent.latest_charge,
    message: messageOf(declineCode),
  });
};

const confirmNow = (
  context: Context,
  intent: Intent,
  offSession: boolean,
): Intent | StripeError => {
  const card = findCard(intent.payment_method ?? '');
  if (!card) throw missing('PaymentMethod', intent.payment_method ?? '');
  if (card.outcome === 'succeeds') return authorise(context, intent);
  if (card.outcome === 'declines') return decline(context, intent, card.code, card.declineCode);
  const required = 'authentication_required';
  if (offSession) return decline(context, intent, required, required);
  intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure' } };
  return save(context, intent, 'requires_action', 'requires_action');
};

const newIntent = ({ nowSeconds }: Context, params: Params, method: string | null): Intent => {
  const id = newId('pi');
  const currency = currencyOf(params);
  return {
    id,
    object: 'payment_intent',
    amount: assertChargeable(integerOf(params, 'amount'), currency),
    amount_capturable: 0,
    amount_received: 0,
    capture_method: captureMethodOf(params),
    client_secret: `${id}_secret_${newId('s').slice(2)}`,
    confirmation_method: params.text('confirmation_method') ?? 'automatic',
    created: nowSeconds(),
    currency,
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

const create = (context: Context, params: Params): Intent | StripeError => {
  const method = methodOf(params) ?? null;
  const confirmed = params.flag('confirm');
  if (confirmed && !method) params.required('payment_method');
  const intent = newIntent(context, params, method);
  save(context, intent, intent.status, 'created');
  return confirmed ? confirmNow(context, intent, params.flag('off_session')) : intent;
};

const confirm = (context: Context, id: string, params: Params): Intent | StripeError => {
  const intent = intentById(context, id);
  if (!OPEN.includes(intent.status)) throw wrongState(intent, 'confirmed');
  intent.payment_method = methodOf(params) ?? intent.payment_method;
  if (!intent.payment_method) {
    throw invalidRequest('You cannot confirm without a payment method.', {
      code: 'payment_intent_unexpected_state',
      payment_intent: intent,
    });
  }
  return confirmNow(context, intent, params.flag('off_session'));
};

const capture = (context: Context, id: string, params: Params): Intent => {
  const intent = intentById(context, id);
  if (intent.status !== 'requires_capture') throw wrongState(intent, 'captured');
  const given = params.text('amount_to_capture');
  const amount = given === undefined ? intent.amount : integerOf(params, 'amount_to_capture');
  if (amount > intent.amount_capturable) {
    throw invalidRequest('amount_to_capture is greater than what can be captured.', {
      code: 'amount_too_large',
      param: 'amount_to_capture',
    });
  }
  assertWhole(amount, intent.currency, 'amount_to_capture');
  return captureNow(context, intent, amount);
};

const cancel = (context: Context, id: string, params: Params): Intent => {
  const intent = intentById(context, id);
  if (CLOSED.includes(intent.status)) throw wrongState(intent, 'canceled');
  intent.canceled_at = context.nowSeconds();
  intent.cancellation_reason = cancellationReasonOf(params);
  intent.amount_capturable = 0;
  intent.next_action = null;
  return save(context, intent, 'canceled', 'canceled');
};

const authenticate = (context: Context, id: string, succeeded: boolean): Intent => {
  const intent = intentById(context, id);
  if (intent.status !== 'requires_action') throw wrongState(intent, 'authenticated');
  if (succeeded) return authorise(context, intent);
  const code = 'payment_intent_authentication_failure';
  refuse(context, intent, { code, message: messageOf(code) });
  return intent;
};

export const createIntents = (context: Context) => ({
  intentById: (id: string) => intentById(context, id),
  create: (params: Params) => create(context, params),
  confirm: (id: string, params: Params) => confirm(context, id, params),
  capture: (id: string, params: Params) => capture(context, id, params),
  cancel: (id: string, params: Params) => cancel(context, id, params),
  /** The shopper's result of 3-D Secure, which on Stripe is given in the browser. */
  authenticate: (id: string, succeeded: boolean) => authenticate(context, id, succeeded),
  refund: (params: Params) => refund(context, params),
});

export type Intents = ReturnType<typeof createIntents>;
