// Makes and checks the access tokens of single orders, which guests send instead of an account.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';

export interface OrderAccess {
  /** `hfo_` + a keyed hash of the order id: a lost response can be repeated. */
  tokenOf(orderId: string): string;
  /** NOT_FOUND unless this is the token of this order, so that other orders stay hidden. */
  assertToken(orderToken: string, orderId: string): void;
}

export const createOrderAccess = (secret: string): OrderAccess => {
  const tokenOf = (orderId: string): string =>
    `hfo_${createHmac('sha256', secret).update(orderId).digest('base64url')}`;
  return {
    tokenOf,
    assertToken: (orderToken, orderId) => {
      const given = Buffer.from(orderToken);
      const expected = Buffer.from(tokenOf(orderId));
      if (given.length === expected.length && timingSafeEqual(given, expected)) return;
      throw new DomainError('NOT_FOUND', 'no such order');
    },
  };
};
