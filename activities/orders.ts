// The order's own record: every move of the story is written here before it goes on.
import type { Pg } from '../db/postgres/client.ts';
import { advanceOrder } from '../db/postgres/orders.ts';
import type { OrderEndReason, OrderStatus } from '../domain/order.ts';
import type { StockAsk as OrderAsk } from './stock.ts';

export const orderActivities = (pg: Pg) => ({
  /** Moves an order along its table; repeating a move changes nothing. ILLEGAL_TRANSITION. */
  async moveOrder(ask: OrderAsk & { status: OrderStatus; reason?: OrderEndReason }): Promise<void> {
    const { orderId, storeId, status, reason } = ask;
    await advanceOrder(pg, storeId, orderId, {
      status,
      ...(reason && { endCode: reason.code, endMessage: reason.message, data: { ...reason } }),
    });
  },
});
