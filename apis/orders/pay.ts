// Paying an order that waits: look again at the payment, or try another card.
import { orderById, type Order } from '../../db/postgres/orders/orders.ts';
import { DomainError } from '../../domain/errors.ts';
import { providePayment } from '../../workflows/fulfill-order.contract.ts';
import type { OrdersDeps } from './place.ts';
import {
  signalPaymentChanged,
  updateOrder,
  UNTIL_ACCEPTED,
} from '../../workflows/client/orders.ts';

/**
 * The order as it is after the news; an order that does not wait stays as it is when no card is
 * brought, or when this very card has paid it. The same key joins the first call.
 * ILLEGAL_TRANSITION for a card that comes too late, UNAVAILABLE, NOT_FOUND.
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
  await signalPaymentChanged(deps.temporal, id).catch((cause: unknown) => {
    throw new DomainError('UNAVAILABLE', 'orders cannot be changed just now', { cause });
  });
  return order;
};
