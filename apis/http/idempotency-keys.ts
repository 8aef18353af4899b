// Checks Idempotency-Keys: 1 to 255 printable ASCII characters, and 16 at least for orders.
import { z } from 'zod';
import { invalid } from '../../domain/errors.ts';

const LENGTH_MAX = 255;
/** A guest's order is found again by its key, so that it must not be guessed. */
export const ORDER_KEY_LENGTH_MIN = 16;

/** The header's schema, for descriptions. */
export const keyText = (min = 1) =>
  z
    .string()
    .regex(new RegExp(`^[!-~]{${min},${LENGTH_MAX}}$`))
    .max(LENGTH_MAX)
    .describe('The same key and body are the same call.');

/** The headers of a route: a key that may be left out, one of an order, and one that is needed. */
export const TAKES_KEY = { 'Idempotency-Key': keyText().optional() };
export const TAKES_ORDER_KEY = { 'Idempotency-Key': keyText(ORDER_KEY_LENGTH_MIN).optional() };
export const NEEDS_ORDER_KEY = { 'Idempotency-Key': keyText(ORDER_KEY_LENGTH_MIN) };

/** The key, which is present. INVALID_INPUT says what is wrong with it. */
export const checkedKey = (key: string, min = 1): string => {
  const wrong = (why: string) =>
    invalid('Idempotency-Key', `${why}: send ${min} to ${LENGTH_MAX} printable ASCII characters`);
  if (!/^[!-~]*$/.test(key)) throw wrong('has other characters');
  if (key.length < min) throw wrong('is too short');
  if (key.length > LENGTH_MAX) throw wrong('is too long');
  return key;
};
