// PaymentIntents as Stripe documents them: https://docs.stripe.com/payments/paymentintents/lifecycle
import {
  CARDS,
  invalidRequest,
  missing,
  StripeError,
  type Charge,
  type Intent,
  type IntentStatus,
  type Refund,
} from './objects.ts';
import type { Ledger } from './ledger.ts';
import type { Params } from './form.ts';

export type Announce = (type: string, object: unknown) => void;

const AMOUNT_MAX = 99_999_999;
const newId = (prefix: string): string =>
  `${prefix}_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;

const wrongState = (intent: Intent, verb: string): StripeError =>
  invalidRequest(
    `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}.`,
    { code: 'payment_intent_unexpected_state', payment_intent: intent },
  );

const integerOf = (params: Params, name: string): number => {
  const value = Number(params.text(name));
  if (Number.isInteger(value) && value > 0 && value <= AMOUNT_MAX) return value;
  throw invalidRequest(`Invalid integer: ${name}`, { code: 'parameter_invalid_integer', param: name });
};

export const createIntents = (ledger: Ledger, announce: Announce, nowSeconds: () => number) => {
  const intentById = (id: string): Intent => {
    const intent = ledger.find<Intent>('payment_intent', id);
    if (!intent) throw missing('payment_intent', id);
    return intent;
  };
  const save = (intent: Intent, status: IntentStatus, event?: string): Intent => {
    intent.status = status;
    ledger.put('payment_intent', intent);
    if (event) announce(`payment_intent.${event}`, intent);
    return intent;
  };
  const putCharge = (intent: Intent, failureCode: string | null): Charge => {
    const charge: Charge = {
      id: newId('ch'),
      object: 'charge',
      amount: intent.amount,
      amount_captured: 0,
      amount_refunded: 0,
      captured: false,
      created: nowSeconds(),
      currency: intent.currency,
      failure_code: failureCode,
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
  const captureNow = (intent: Intent, amount: number): Intent => {
    const charge = ledger.find<Charge>('charge', intent.latest_charge ?? '');
    if (!charge) throw new Error('an authorised intent has no charge');
    ledger.put('charge', { ...charge, captured: true, amount_captured: amount });
    intent.amount_received = amount;
    intent.amount_capturable = 0;
    return save(intent, 'succeeded', 'succeeded');
  };
  const authorise = (intent: Intent): Intent => {
    intent.latest_charge = putCharge(intent, null).id;
    intent.last_payment_error = null;
    intent.next_action = null;
    if (intent.capture_method === 'automatic') return captureNow(intent, intent.amount);
    intent.amount_capturable = intent.amount;
    return save(intent, 'requires_capture', 'amount_capturable_updated');
  };
  const decline = (intent: Intent, code: string, declineCode: string): StripeError => {
    intent.latest_charge = putCharge(intent, code).id;
    intent.next_action = null;
    const error = {
      type: 'card_error',
      code,
      decline_code: declineCode,
      charge: intent.latest_charge,
      message: 'Your card was declined.',
    };
    intent.last_payment_error = error;
    intent.payment_method = null;
    save(intent, 'requires_payment_method', 'payment_failed');
    return new StripeError(402, { ...error, payment_intent: intent });
  };
  const confirmNow = (intent: Intent): Intent | StripeError => {
    const card = CARDS[intent.payment_method ?? ''];
    if (!card) throw missing('PaymentMethod', intent.payment_method ?? '');
    if (card.outcome === 'succeeds') return authorise(intent);
    if (card.outcome === 'declines') return decline(intent, card.code, card.declineCode);
    intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure' } };
    return save(intent, 'requires_action', 'requires_action');
  };

  return {
    intentById,
    create(params: Params): Intent | StripeError {
      const id = newId('pi');
      const method = params.text('payment_method') ?? null;
      const intent: Intent = {
        id,
        object: 'payment_intent',
        amount: integerOf(params, 'amount'),
        amount_capturable: 0,
        amount_received: 0,
        capture_method: params.text('capture_method') === 'manual' ? 'manual' : 'automatic',
        client_secret: `${id}_secret_${newId('s').slice(2)}`,
        created: nowSeconds(),
        currency: params.required('currency'),
        last_payment_error: null,
        latest_charge: null,
        livemode: false,
        metadata: params.map('metadata'),
        next_action: null,
        payment_method: method,
        status: method ? 'requires_confirmation' : 'requires_payment_method',
        canceled_at: null,
        cancellation_reason: null,
      };
      save(intent, intent.status, 'created');
      return params.text('confirm') === 'true' ? confirmNow(intent) : intent;
    },
    confirm(id: string, params: Params): Intent | StripeError {
      const intent = intentById(id);
      const open = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
      if (!open.includes(intent.status)) throw wrongState(intent, 'confirmed');
      intent.payment_method = params.text('payment_method') ?? intent.payment_method;
      if (!intent.payment_method) {
        throw invalidRequest('You cannot confirm without a payment method.', {
          code: 'payment_intent_unexpected_state',
          payment_intent: intent,
        });
      }
      return confirmNow(intent);
    },
    capture(id: string, params: Params): Intent {
      const intent = intentById(id);
      if (intent.status !== 'requires_capture') throw wrongState(intent, 'captured');
      const given = params.text('amount_to_capture');
      const amount = given === undefined ? intent.amount : integerOf(params, 'amount_to_capture');
      if (amount > intent.amount_capturable) {
        throw invalidRequest('amount_to_capture is greater than what can be captured.', {
          code: 'amount_too_large',
          param: 'amount_to_capture',
        });
      }
      return captureNow(intent, amount);
    },
    cancel(id: string, params: Params): Intent {
      const intent = intentById(id);
      if (['succeeded', 'canceled'].includes(intent.status)) throw wrongState(intent, 'canceled');
      intent.canceled_at = nowSeconds();
      intent.cancellation_reason = params.text('cancellation_reason') ?? null;
      intent.amount_capturable = 0;
      intent.next_action = null;
      return save(intent, 'canceled', 'canceled');
    },
    /** The shopper's answer to 3-D Secure, which on Stripe is given in the browser. */
    authenticate(id: string, succeeded: boolean): Intent {
      const intent = intentById(id);
      if (intent.status !== 'requires_action') throw wrongState(intent, 'authenticated');
      if (succeeded) return authorise(intent);
      decline(intent, 'payment_intent_authentication_failure', 'authentication_required');
      return intentById(id);
    },
    refund(params: Params): Refund {
      const intent = intentById(params.required('payment_intent'));
      const charge = ledger.find<Charge>('charge', intent.latest_charge ?? '');
      if (!charge?.captured) throw invalidRequest('This charge has not been captured.');
      const left = charge.amount_captured - charge.amount_refunded;
      const given = params.text('amount');
      const amount = given === undefined ? left : integerOf(params, 'amount');
      if (left === 0) {
        throw invalidRequest('Charge has already been refunded.', {
          code: 'charge_already_refunded',
        });
      }
      if (amount > left) throw invalidRequest('Refund amount is greater than unrefunded amount.');
      const refund: Refund = {
        id: newId('re'),
        object: 'refund',
        amount,
        charge: charge.id,
        created: nowSeconds(),
        currency: charge.currency,
        metadata: params.map('metadata'),
        payment_intent: intent.id,
        status: 'succeeded',
      };
      const refunded = charge.amount_refunded + amount;
      const isWhole = refunded === charge.amount_captured;
      ledger.put('refund', refund);
      ledger.put('charge', { ...charge, amount_refunded: refunded, refunded: isWhole });
      announce('charge.refunded', { ...charge, amount_refunded: refunded, refunded: isWhole });
      return refund;
    },
  };
};

export type Intents = ReturnType<typeof createIntents>;
