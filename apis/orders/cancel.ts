// Cancelling: possible until packing has begun; the story decides, Postgres answers.
import { orderById, type Order } from '../../db/postgres/orders/orders.ts';
import { assertMove, ORDER_MOVES } from '../../domain/order.ts';
import { cancelOrder, fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import type { OrdersParts } from './place.ts';
import { askStory, UNTIL_ACCEPTED } from '../rpc/stories.ts';

/** Cancelled again it stays cancelled. ILLEGAL_TRANSITION, UNAVAILABLE, NOT_FOUND. */
export const cancel = async (parts: OrdersParts, storeId: string, id: string): Promise<Order> => {
  const before = await orderById(parts.pg, storeId, id);
  if (before.status === 'cancelled') return before;
  assertMove(before.status, 'cancelled');
  await askStory(parts.temporal, fulfillOrderId(id), (story) =>
    story.startUpdate(cancelOrder, { ...UNTIL_ACCEPTED, updateId: 'cancel' }),
  );
  const after = await orderById(parts.pg, storeId, id);
  const isUnderWay = ORDER_MOVES[after.status].includes('cancelled');
  if (after.status !== 'cancelled' && !isUnderWay) assertMove(after.status, 'cancelled');
  return after;
};
