// The objects of the card sandbox, in Stripe's shapes as far as Holdfast uses them.

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';

export interface Intent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_capturable: number;
  amount_received: number;
  capture_method: 'automatic' | 'automatic_async' | 'manual';
  client_secret: string;
  confirmation_method: string;
  created: number;
  currency: string;
  description: string | null;
  last_payment_error: Record<string, unknown> | null;
  latest_charge: string | null;
  livemode: false;
  metadata: Record<string, string>;
  next_action: Record<string, unknown> | null;
  payment_method: string | null;
  payment_method_types: string[];
  receipt_email: string | null;
  status: IntentStatus;
  canceled_at: number | null;
  cancellation_reason: string | null;
}

export interface Charge {
  id: string;
  object: 'charge';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  created: number;
  currency: string;
  disputed: boolean;
  failure_code: string | null;
  failure_message: string | null;
  livemode: false;
  outcome: Record<string, unknown>;
  metadata: Record<string, string>;
  paid: boolean;
  payment_intent: string;
  payment_method: string | null;
  refunded: boolean;
  status: 'succeeded' | 'failed';
}

export interface Refund {
  id: string;
  object: 'refund';
  amount: number;
  charge: string;
  created: number;
  currency: string;
  metadata: Record<string, string>;
  payment_intent: string;
  reason: string | null;
  status: 'pending' | 'succeeded' | 'failed';
  failure_reason?: string;
}

export interface Dispute {
  id: string;
  object: 'dispute';
  amount: number;
  charge: string;
  created: number;
  currency: string;
  evidence: Record<string, string>;
  evidence_details: {
    due_by: number;
    has_evidence: boolean;
    past_due: boolean;
    submission_count: number;
  };
  is_charge_refundable: boolean;
  livemode: false;
  metadata: Record<string, string>;
  payment_intent: string;
  reason: string;
  status: DisputeStatus;
}

/** Those of inquiries begin with `warning_`: they take no money. */
export type DisputeStatus =
  | 'warning_needs_response'
  | 'warning_under_review'
  | 'warning_closed'
  | 'needs_response'
  | 'under_review'
  | 'won'
  | 'lost';

/** What the bank does with a charge by itself, soon after its capture. */
interface Complaint {
  reason: string;
  kind: 'dispute' | 'inquiry' | 'fraud warning';
}

/** The behaviour of a payment method; Stripe's test cards by their names. */
export type CardBehaviour =
  | { outcome: 'succeeds'; refund?: 'pending' | 'fails'; complaint?: Complaint }
  | { outcome: 'needs_action' }
  | { outcome: 'declines'; code: string; declineCode: string };

const declines = (code: string, declineCode: string): CardBehaviour => ({
  outcome: 'declines',
  code,
  declineCode,
});

const complains = (reason: string, kind: Complaint['kind'] = 'dispute'): CardBehaviour => ({
  outcome: 'succeeds',
  complaint: { reason, kind },
});

/** Source: https://docs.stripe.com/testing */
const CARDS: Record<string, CardBehaviour> = {
  pm_card_visa: { outcome: 'succeeds' },
  pm_card_visa_debit: { outcome: 'succeeds' },
  pm_card_mastercard: { outcome: 'succeeds' },
  pm_card_mastercard_debit: { outcome: 'succeeds' },
  pm_card_us: { outcome: 'succeeds' },
  pm_card_amex: { outcome: 'succeeds' },
  pm_card_pendingRefund: { outcome: 'succeeds', refund: 'pending' },
  pm_card_refundFail: { outcome: 'succeeds', refund: 'fails' },
  pm_card_createDispute: complains('fraudulent'),
  pm_card_createDisputeProductNotReceived: complains('product_not_received'),
  pm_card_createDisputeInquiry: complains('fraudulent', 'inquiry'),
  pm_card_createIssuerFraudRecord: complains('made_with_stolen_card', 'fraud warning'),
  pm_card_authenticationRequired: { outcome: 'needs_action' },
  pm_card_threeDSecure2Required: { outcome: 'needs_action' },
  pm_card_threeDSecureRequired: { outcome: 'needs_action' },
  pm_card_visa_chargeDeclined: declines('card_declined', 'generic_decline'),
  pm_card_chargeDeclined: declines('card_declined', 'generic_decline'),
  pm_card_visa_chargeDeclinedInsufficientFunds: declines('card_declined', 'insufficient_funds'),
  pm_card_chargeDeclinedInsufficientFunds: declines('card_declined', 'insufficient_funds'),
  pm_card_visa_chargeDeclinedLostCard: declines('card_declined', 'lost_card'),
  pm_card_visa_chargeDeclinedStolenCard: declines('card_declined', 'stolen_card'),
  pm_card_chargeDeclinedLostCard: declines('card_declined', 'lost_card'),
  pm_card_chargeDeclinedStolenCard: declines('card_declined', 'stolen_card'),
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: declines(
    'card_declined',
    'card_velocity_exceeded',
  ),
  pm_card_radarBlock: declines('card_declined', 'fraudulent'),
  pm_card_chargeDeclinedFraudulent: declines('card_declined', 'fraudulent'),
  pm_card_chargeDeclinedExpiredCard: declines('expired_card', 'expired_card'),
  pm_card_chargeDeclinedIncorrectCvc: declines('incorrect_cvc', 'incorrect_cvc'),
  pm_card_chargeDeclinedProcessingError: declines('processing_error', 'processing_error'),
};

const MESSAGES: Record<string, string> = {
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  insufficient_funds: 'Your card has insufficient funds.',
  processing_error: 'An error occurred while processing your card. Try again in a little bit.',
  payment_intent_authentication_failure: 'The provided payment method has failed authentication.',
};

/** The shopper's message for a decline; most codes have the general one. */
export const messageOf = (declineCode: string): string =>
  MESSAGES[declineCode] ?? 'Your card was declined.';

export const findCard = (name: string): CardBehaviour | undefined =>
  Object.hasOwn(CARDS, name) ? CARDS[name] : undefined;

/** An error in Stripe's shape: `{error: {type, code, message, …}}` with its HTTP status. */
export class StripeError extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;
  constructor(status: number, error: Record<string, unknown>) {
    super(String(error['message']));
    this.status = status;
    this.body = { error };
  }
}

export const invalidRequest = (message: string, extra: Record<string, unknown> = {}): StripeError =>
  new StripeError(400, { type: 'invalid_request_error', message, ...extra });

export const missing = (what: string, id: string, param = 'id'): StripeError =>
  new StripeError(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}: '${id}'`,
    param,
  });
