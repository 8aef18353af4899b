// Pays an order that waits: reads its payment again, or tries another card.
import { orderById, type Order } from '../../db/postgres/orders/orders.ts';
import { DomainError } from '../../domain/errors.ts';
import { providePayment } from '../../workflows/fulfill-order.contract.ts';
import type { OrdersDeps } from './place.ts';
import { lookAtPayment, updateOrder, UNTIL_ACCEPTED } from '../../workflows/client/orders.ts';

/**
 * Returns the order after the update. An order that does not wait is returned unchanged when the
 * call has no card, or when this card has paid it. A repeated key joins the first call.
 * ILLEGAL_TRANSITION for a card that is too late, UNAVAILABLE, NOT_FOUND.
 */
export const pay = async (
  deps: OrdersDeps,
  storeId: string,
  id: string,
  { paymentMethod, key }: { paymentMethod: string; key: string },
): Promise<Order> => {
  const order = await orderById(deps.pg, storeId, id);
  if (paymentMethod !== '') {
    const isPaid = order.paymentStatus !== 'none' && order.paymentMethod === paymentMethod;
    if (isPaid) return order;
    const args: [{ paymentMethod: string }] = [{ paymentMethod }];
    const updateId = key === '' ? crypto.randomUUID() : `pay/${key}`;
    await updateOrder(deps, id, (workflow) =>
      workflow.startUpdate(providePayment, { ...UNTIL_ACCEPTED, args, updateId }),
    );
    return orderById(deps.pg, storeId, id);
  }
  if (order.status !== 'awaiting_payment') return order;
  await lookAtPayment(deps, order).catch((cause: unknown) => {
    throw new DomainError('UNAVAILABLE', 'orders cannot be changed at the moment', { cause });
  });
  return order;
};
