// Cancels an order: possible until packing begins; the workflow decides, Postgres has the result.
import { orderById, type Order } from '../../db/postgres/orders/orders.ts';
import { assertCancellable } from '../../domain/order.ts';
import { cancelOrder } from '../../workflows/fulfill-order.contract.ts';
import type { OrdersDeps } from './place.ts';
import { updateOrder, UNTIL_ACCEPTED } from '../../workflows/client/orders.ts';

/**
 * The order, cancelled or with its cancellation under way. ILLEGAL_TRANSITION, UNAVAILABLE,
 * NOT_FOUND.
 */
export const cancel = async (deps: OrdersDeps, storeId: string, id: string): Promise<Order> => {
  const before = await orderById(deps.pg, storeId, id);
  if (before.status === 'cancelled') return before;
  assertCancellable(before.status);
  await updateOrder(deps, id, (workflow) =>
    workflow.startUpdate(cancelOrder, { ...UNTIL_ACCEPTED, updateId: 'cancel' }),
  );
  const after = await orderById(deps.pg, storeId, id);
  if (after.status !== 'cancelled') assertCancellable(after.status);
  return after;
};
