// Cancels an order: possible until packing begins; the workflow decides, Postgres has the result.
import { orderById, type Order } from '../../db/postgres/orders/orders.ts';
import { assertCancellable, isCancellable } from '../../domain/order.ts';
import type { OrdersDeps } from './place.ts';
import { requestCancel } from '../../workflows/client/orders.ts';

/** How long a cancellation waits for the order's ending. */
const ANSWER_LIMIT_MS = 3_000;
const READ_EVERY_MS = 100;

/** The order once it is over or past cancelling, or as it is at `untilMs`. */
const settledOrder = async (
  { pg }: OrdersDeps,
  storeId: string,
  id: string,
  untilMs: number,
): Promise<Order> => {
  for (;;) {
    const order = await orderById(pg, storeId, id);
    if (!isCancellable(order.status) || Date.now() >= untilMs) return order;
    await Bun.sleep(READ_EVERY_MS);
  }
};

/**
 * The order, cancelled or with its cancellation under way. ILLEGAL_TRANSITION, UNAVAILABLE,
 * NOT_FOUND.
 */
export const cancel = async (deps: OrdersDeps, storeId: string, id: string): Promise<Order> => {
  const untilMs = Date.now() + ANSWER_LIMIT_MS;
  const before = await orderById(deps.pg, storeId, id);
  if (before.status === 'cancelled') return before;
  assertCancellable(before.status);
  await requestCancel(deps, id);
  const after = await settledOrder(deps, storeId, id, untilMs);
  if (after.status !== 'cancelled') assertCancellable(after.status);
  return after;
};
