// Tests which of the card provider's errors are refusals by our own fault.
import { expect, test } from 'bun:test';
import Stripe from 'stripe';
import { isAmountRefused, ownFaultOf } from './stripe-client.ts';

const { errors } = Stripe;
const raw = (statusCode: number, more: object = {}) => ({
  type: 'invalid_request_error' as const,
  message: 'no',
  statusCode,
  ...more,
});

test('a wrong key, a missing permission and an invalid request are refusals by our fault', () => {
  expect(ownFaultOf(new errors.StripeAuthenticationError(raw(401)))).toBe('no');
  expect(ownFaultOf(new errors.StripePermissionError(raw(403)))).toBe('no');
  const invalid = raw(400, { param: 'amount', code: 'amount_too_small' });
  expect(ownFaultOf(new errors.StripeInvalidRequestError(invalid))).toBe('no');
  expect(ownFaultOf(new errors.StripeInvalidRequestError(raw(404)))).toBe('no');
});

test('outages, limits, declines and states are not', () => {
  const wrongState = raw(400, { code: 'payment_intent_unexpected_state' });
  for (const error of [
    new Error('reset'),
    new errors.StripeConnectionError(raw(0)),
    new errors.StripeAPIError(raw(500)),
    new errors.StripeRateLimitError(raw(429)),
    new errors.StripeCardError(raw(402)),
    new errors.StripeIdempotencyError(raw(400)),
    new errors.StripeInvalidRequestError(wrongState),
  ]) {
    expect(ownFaultOf(error)).toBeUndefined();
  }
});

test('an amount that the provider does not charge is known from other requests of ours', () => {
  for (const code of ['amount_too_small', 'amount_too_large']) {
    expect(isAmountRefused(new errors.StripeInvalidRequestError(raw(400, { code })))).toBe(true);
  }
  const other = raw(400, { code: 'parameter_invalid_integer' });
  expect(isAmountRefused(new errors.StripeInvalidRequestError(other))).toBe(false);
  expect(isAmountRefused(new errors.StripeAPIError(raw(500)))).toBe(false);
});
