// PaymentIntents and their life, as Stripe documents it: docs.stripe.com/payments/paymentintents
import {
  findCard,
  invalidRequest,
  messageOf,
  missing,
  StripeError,
  type Charge,
  type Intent,
  type IntentStatus,
  type Refund,
} from './objects.ts';
import type { Ledger } from './ledger.ts';
import type { Params } from './form.ts';
import { captureMethodOf, currencyOf, integerOf, metadataOf, methodOf } from './parameters.ts';

export type Announce = (type: string, object: unknown) => void;

const newId = (prefix: string): string =>
  `${prefix}_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;

const wrongState = (intent: Intent, verb: string): StripeError =>
  invalidRequest(
    `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}.`,
    { code: 'payment_intent_unexpected_state', payment_intent: intent },
  );

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
  const putCharge = (
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
    if (intent.capture_method !== 'manual') return captureNow(intent, intent.amount);
    intent.amount_capturable = intent.amount;
    return save(intent, 'requires_capture', 'amount_capturable_updated');
  };
  const refuse = (intent: Intent, details: Record<string, string>): StripeError => {
    const error = { type: 'card_error', ...details, payment_method: intent.payment_method };
    intent.next_action = null;
    intent.last_payment_error = error;
    intent.payment_method = null;
    save(intent, 'requires_payment_method', 'payment_failed');
    return new StripeError(402, { ...error, payment_intent: intent });
  };
  const decline = (intent: Intent, code: string, declineCode: string): StripeError => {
    intent.latest_charge = putCharge(intent, code, declineCode).id;
    return refuse(intent, {
      code,
      decline_code: declineCode,
      charge: intent.latest_charge,
      message: messageOf(declineCode),
    });
  };
  const confirmNow = (intent: Intent, offSession: boolean): Intent | StripeError => {
    const card = findCard(intent.payment_method ?? '');
    if (!card) throw missing('PaymentMethod', intent.payment_method ?? '');
    if (card.outcome === 'succeeds') return authorise(intent);
    if (card.outcome === 'declines') return decline(intent, card.code, card.declineCode);
    if (offSession) {
      return decline(intent, 'authentication_required', 'authentication_required');
    }
    intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure' } };
    return save(intent, 'requires_action', 'requires_action');
  };

  const chargeToRefund = (params: Params): Charge | undefined => {
    const id = params.text('charge');
    const intent = id === undefined && intentById(params.required('payment_intent'));
    const charge = ledger.find<Charge>(
      'charge',
      intent ? (intent.latest_charge ?? '') : (id ?? ''),
    );
    if (!charge && id !== undefined) throw missing('charge', id, 'charge');
    return charge;
  };

  return {
    intentById,
    create(params: Params): Intent | StripeError {
      const id = newId('pi');
      const method = methodOf(params) ?? null;
      const confirmed = params.flag('confirm');
      if (confirmed && !method) params.required('payment_method');
      const intent: Intent = {
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
      save(intent, intent.status, 'created');
      return confirmed ? confirmNow(intent, params.flag('off_session')) : intent;
    },
    confirm(id: string, params: Params): Intent | StripeError {
      const intent = intentById(id);
      const open = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
      if (!open.includes(intent.status)) throw wrongState(intent, 'confirmed');
      intent.payment_method = methodOf(params) ?? intent.payment_method;
      if (!intent.payment_method) {
        throw invalidRequest('You cannot confirm without a payment method.', {
          code: 'payment_intent_unexpected_state',
          payment_intent: intent,
        });
      }
      return confirmNow(intent, params.flag('off_session'));
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
      const code = 'payment_intent_authentication_failure';
      refuse(intent, { code, message: messageOf(code) });
      return intent;
    },
    refund(params: Params): Refund {
      const charge = chargeToRefund(params);
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
        metadata: metadataOf(params),
        payment_intent: charge.payment_intent,
        reason: params.text('reason') ?? null,
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
