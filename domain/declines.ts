// What follows a card decline, by the bank's code: the policy as data, and the shopper's message.

/** Retry the same card later, request another card, or end the order. */
type DeclineStep = 'retry' | 'another_card' | 'stop';

interface DeclineRule {
  step: DeclineStep;
  /** Shown to the shopper; never reveals that the bank suspects fraud. */
  message: string;
}

const OTHER_CARD = 'Please use another card.';
const STOPPED = 'The card was declined and the order was ended.';

/**
 * Rules by decline code: https://docs.stripe.com/declines/codes. A permanent or unexplained decline
 * ends the order. A decline the shopper can correct requests another card or a correction. A
 * temporary decline is retried.
 */
export const DECLINE_RULES: Readonly<Record<string, DeclineRule>> = {
  insufficient_funds: {
    step: 'another_card',
    message: `The card has insufficient funds. ${OTHER_CARD}`,
  },
  withdrawal_count_limit_exceeded: {
    step: 'another_card',
    message: `The card is over its limit. ${OTHER_CARD}`,
  },
  expired_card: { step: 'another_card', message: `The card has expired. ${OTHER_CARD}` },
  incorrect_cvc: { step: 'another_card', message: 'The security code is wrong. Please try again.' },
  incorrect_number: { step: 'another_card', message: 'The card number is wrong.' },
  invalid_expiry_month: { step: 'another_card', message: 'The expiry date is wrong.' },
  invalid_expiry_year: { step: 'another_card', message: 'The expiry date is wrong.' },
  invalid_payment_method: {
    step: 'another_card',
    message: `This card cannot be used. ${OTHER_CARD}`,
  },
  card_not_supported: { step: 'another_card', message: `This card cannot be used. ${OTHER_CARD}` },
  currency_not_supported: {
    step: 'another_card',
    message: `The card cannot pay in this currency. ${OTHER_CARD}`,
  },
  authentication_required: {
    step: 'another_card',
    message: `The bank could not ask for your confirmation. ${OTHER_CARD}`,
  },
  payment_intent_authentication_failure: {
    step: 'another_card',
    message: `The payment was not confirmed. Please try again or use another card.`,
  },
  processing_error: { step: 'retry', message: 'The bank could not process the card just now.' },
  issuer_not_available: { step: 'retry', message: 'The bank cannot be reached just now.' },
  reenter_transaction: { step: 'retry', message: 'The bank could not process the card just now.' },
  try_again_later: { step: 'retry', message: 'The bank could not process the card just now.' },
};

const STOP: DeclineRule = { step: 'stop', message: STOPPED };

/** Delays before the same card is retried; after the last one another card is requested. */
const RETRY_AFTER_MS = [20_000, 90_000, 240_000] as const;

export const NEXT_ACTION_KINDS = ['authenticate', 'another_card', 'wait', 'pay'] as const;

/** What the shopper has to do or wait for. */
export interface NextAction {
  kind: (typeof NEXT_ACTION_KINDS)[number];
  message: string;
  /** When the same card is retried (RFC 3339); only with `wait`. */
  at?: string | undefined;
  /** When the order stops waiting (RFC 3339). */
  until?: string | undefined;
}

/** An order kept on a decline waits this long for another card. */
const KEPT_MS = 3 * 60_000;
/** Its last card that is declined for good ends it. */
const KEPT_CARDS_MAX = 3;

/** Of an order that was accepted so long ago that its shopper may not want it any more. */
export const CONSENT_MESSAGE =
  'Your order has waited for us. Please confirm that you still want it by paying.';

export interface Declined {
  /** The decline's number in the order, from 1; retries of the same card count. */
  tries: number;
  /** Cards that the order has tried. */
  cards: number;
  /** The shopper wants the order kept when the card is declined for good. */
  isKept: boolean;
}

export interface DeclineDecision extends DeclineRule {
  /** When the same card is retried, in ms from now. */
  retryAfterMs?: number;
  /** How long the order waits from now, in ms; otherwise its payment window goes on. */
  waitMs?: number;
}

const KEPT: DeclineDecision = {
  step: 'another_card',
  message: `The card was declined. ${OTHER_CARD}`,
  waitMs: KEPT_MS,
};

/** The step after a decline. */
export const decideDecline = (
  code: string,
  { tries, cards, isKept }: Declined,
): DeclineDecision => {
  const rule = Object.hasOwn(DECLINE_RULES, code) ? (DECLINE_RULES[code] ?? STOP) : STOP;
  if (rule.step === 'stop' && isKept && cards < KEPT_CARDS_MAX) return KEPT;
  if (rule.step !== 'retry') return rule;
  const retryAfterMs = RETRY_AFTER_MS[tries - 1];
  if (retryAfterMs !== undefined) return { ...rule, retryAfterMs };
  return { step: 'another_card', message: `${rule.message} ${OTHER_CARD}` };
};
