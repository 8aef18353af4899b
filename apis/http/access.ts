// Access tokens of single orders: what a guest shows instead of an account.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';

export interface OrderAccess {
  /** `hfo_` + a keyed hash of the order id: a lost answer can be given again. */
  tokenOf(orderId: string): string;
  /** NOT_FOUND unless this is the very order's token: others' orders are not there. */
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
