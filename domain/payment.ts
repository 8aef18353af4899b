// What a decline means: data, per decline code of the card provider.

export type DeclineAnswer = 'ask_another_card' | 'retry_later' | 'stop';

/**
 * Decline policy by Stripe's decline code (https://docs.stripe.com/declines/codes).
 * `stop`: the card is lost, stolen or blocked; never told to the shopper in more detail.
 */
const DECLINE_POLICY: Record<string, DeclineAnswer> = {
  authentication_required: 'ask_another_card',
  card_not_supported: 'ask_another_card',
  expired_card: 'ask_another_card',
  fraudulent: 'stop',
  generic_decline: 'ask_another_card',
  incorrect_cvc: 'ask_another_card',
  insufficient_funds: 'ask_another_card',
  issuer_not_available: 'retry_later',
  lost_card: 'stop',
  pickup_card: 'stop',
  processing_error: 'retry_later',
  stolen_card: 'stop',
};

/** A code that is not in the table is treated as a plain refusal of this card. */
export const answerToDecline = (declineCode: string): DeclineAnswer =>
  DECLINE_POLICY[declineCode] ?? 'ask_another_card';

/** A raw card number anywhere is refused, never stored: 13–19 digits that pass Luhn's check. */
export const looksLikeCardNumber = (text: string): boolean => {
  const candidates = text.match(/\d(?:[ -]?\d){12,18}/g) ?? [];
  return candidates.some((candidate) => passesLuhn(candidate.replace(/\D/g, '')));
};

const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
};
