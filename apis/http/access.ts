// Access tokens of single orders: what a guest shows instead of an account.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';

export interface OrderAccess {
  /** `hfo_` + a keyed hash of the order id: a lost answer can be given again. */
  tokenOf(orderId: string): string;
  /** NOT_FOUND unless the request carries this very order's token: others' orders are not there. */
  assertAllowed(request: Request, orderId: string): void;
}

export const createOrderAccess = (secret: string): OrderAccess => {
  const tokenOf = (orderId: string): string =>
    `hfo_${createHmac('sha256', secret).update(orderId).digest('base64url')}`;
  return {
    tokenOf,
    assertAllowed: (request, orderId) => {
      const header = request.headers.get('authorization') ?? '';
      if (!header.startsWith('Bearer ')) {
        throw new DomainError('UNAUTHENTICATED', "send the order's access token");
      }
      const given = Buffer.from(header.slice('Bearer '.length));
      const expected = Buffer.from(tokenOf(orderId));
      if (given.length === expected.length && timingSafeEqual(given, expected)) return;
      throw new DomainError('NOT_FOUND', 'no such order');
    },
  };
};
