// Parses single parameters of the card sandbox as Stripe does.
import { isSupported } from './currencies.ts';
import type { Params } from './form.ts';
import { findCard, invalidRequest, missing, type Intent } from './objects.ts';

const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
const REFUND_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;
const CANCELLATION_REASONS = [...REFUND_REASONS, 'abandoned'] as const;

export const integerOf = (params: Params, name: string): number => {
  const text = params.required(name);
  const value = Number(text);
  if (/^\d{1,12}$/.test(text) && value > 0) return value;
  throw invalidRequest(`Invalid integer: ${name}`, {
    code: 'parameter_invalid_integer',
    param: name,
  });
};

export const currencyOf = (params: Params): string => {
  const currency = params.required('currency').toLowerCase();
  if (isSupported(currency)) return currency;
  throw invalidRequest(`Invalid currency: ${currency}`, { param: 'currency' });
};

/** One of the allowed values of a parameter, or its default when absent. */
const wordOf = <Word extends string, Default>(
  params: Params,
  name: string,
  words: readonly Word[],
  without: Default,
): Word | Default => {
  const given = params.text(name);
  if (given === undefined) return without;
  const known = words.find((word) => word === given);
  if (known) return known;
  throw invalidRequest(`Invalid ${name}: ${given}`, { param: name });
};

export const captureMethodOf = (params: Params): Intent['capture_method'] =>
  wordOf(params, 'capture_method', CAPTURE_METHODS, 'automatic_async');

export const refundReasonOf = (params: Params) => wordOf(params, 'reason', REFUND_REASONS, null);

export const cancellationReasonOf = (params: Params) =>
  wordOf(params, 'cancellation_reason', CANCELLATION_REASONS, null);

/** At most 50 names of 40 characters with 500 each (https://docs.stripe.com/metadata). */
export const metadataOf = (params: Params): Record<string, string> => {
  const metadata = params.map('metadata');
  const entries = Object.entries(metadata);
  const fits = entries.every(([name, value]) => name.length <= 40 && value.length <= 500);
  if (fits && entries.length <= 50) return metadata;
  throw invalidRequest('The metadata is too large.', { param: 'metadata' });
};

export const methodOf = (params: Params): string | undefined => {
  const method = params.text('payment_method');
  if (method === undefined || findCard(method)) return method;
  throw missing('PaymentMethod', method, 'payment_method');
};
