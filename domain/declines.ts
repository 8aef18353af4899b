// What follows a decline, by the bank's code: policy as data, and what the shopper is told of it.

/** Try the same card at a later time, ask for another one, or end the order. */
type DeclineStep = 'retry' | 'another_card' | 'stop';

interface DeclineRule {
  step: DeclineStep;
  /** For the shopper; never says why a bank suspects anybody. */
  message: string;
}

const OTHER_CARD = 'Please use another card.';
const STOPPED = 'The card was declined and the order was ended.';

/**
 * Rules by decline code: https://docs.stripe.com/declines/codes. What a bank means as "never"
 * or does not explain ends the order; what the shopper can mend is asked for; what passes by
 * itself is tried again.
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

/** Waits before the same card is tried once more; after the last one another card is asked for. */
const RETRY_AFTER_MS = [20_000, 90_000, 240_000] as const;

/** What the shopper has to do, or to wait for. */
export interface NextAction {
  kind: 'authenticate' | 'another_card' | 'wait';
  message: string;
  /** When the same card is tried again (RFC 3339); only with `wait`. */
  at?: string | undefined;
  /** Until when the order waits (RFC 3339). */
  until?: string | undefined;
}

export interface DeclineDecision extends DeclineRule {
  retryAfterMs?: number;
}

/** What follows the `tries`-th decline of one order; tries counts from 1. */
export const decideDecline = (code: string, tries: number): DeclineDecision => {
  const rule = Object.hasOwn(DECLINE_RULES, code) ? (DECLINE_RULES[code] ?? STOP) : STOP;
  if (rule.step !== 'retry') return rule;
  const retryAfterMs = RETRY_AFTER_MS[tries - 1];
  if (retryAfterMs !== undefined) return { ...rule, retryAfterMs };
  return { step: 'another_card', message: `${rule.message} ${OTHER_CARD}` };
};
