// Recovery: starts the stories that nobody has begun.
import type { Pg } from '../db/postgres/client.ts';
import { listWaiting, type Order } from '../db/postgres/orders/orders.ts';

const BATCH_MAX = 500;

/** Starts an order's workflow; one that runs or has run already stays as it is. */
export type StartOrder = (order: Order) => Promise<void>;

export const recoveryActivities = (pg: Pg, startOrder: StartOrder, olderThanMs: number) => ({
  /** Answers how many waiting orders were looked at. */
  async startWaitingOrders(): Promise<number> {
    const waiting = await listWaiting(pg, olderThanMs, BATCH_MAX);
    for (const order of waiting) await startOrder(order);
    return waiting.length;
  },
});
