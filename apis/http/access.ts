// Makes and checks the access tokens of single orders, which guests send instead of an account.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';
import { madeAtMs } from '../../domain/ids.ts';
import type { Generations } from './credentials/order-tokens.ts';

/** A token opens its order for a year after the order was placed. */
const LIFE_MS = 365 * 24 * 60 * 60_000;

export interface OrderAccess {
  /** `hfo_` + a keyed hash of the order id: a lost response can be repeated. */
  tokenOf(orderId: string): string;
  /**
   * The token in the answer of a checkout, which can be repeated; undefined once it was revoked, so
   * that the one who knows the request has no access for ever.
   */
  placedTokenOf(orderId: string): string | undefined;
  /** NOT_FOUND unless this is the order's valid token, so that other orders stay hidden. */
  assertToken(orderToken: string, orderId: string): void;
  /** Ends the order's token; `tokenOf` makes the next one. */
  revoke(orderId: string, by: string): Promise<void>;
}

/** Only the token of an order's present generation is valid; the first one has no number. */
export const createOrderAccess = (secret: string, generations: Generations): OrderAccess => {
  const tokenOf = (orderId: string): string => {
    const generation = generations.of(orderId);
    const named = generation === 0 ? orderId : `${orderId}/${generation}`;
    return `hfo_${createHmac('sha256', secret).update(named).digest('base64url')}`;
  };
  return {
    tokenOf,
    placedTokenOf: (orderId) => (generations.of(orderId) === 0 ? tokenOf(orderId) : undefined),
    revoke: generations.revoke,
    assertToken: (orderToken, orderId) => {
      const given = Buffer.from(orderToken);
      const expected = Buffer.from(tokenOf(orderId));
      const isIt = given.length === expected.length && timingSafeEqual(given, expected);
      if (isIt && Date.now() < madeAtMs(orderId) + LIFE_MS) return;
      throw new DomainError('NOT_FOUND', 'no such order');
    },
  };
};
