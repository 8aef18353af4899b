// The events of an order: numbered, kept for ever, and published in the same transaction.
import { and, asc, eq, gt } from 'drizzle-orm';
import { EVENTS_PAGE_MAX } from '../../../domain/order.ts';
import { orderChanged } from '../../kafka/events.ts';
import { TOPICS } from '../../kafka/topics.ts';
import type { Pg, Tx } from '../client.ts';
import { OUTBOX_CHANNEL, publish } from '../outbox.ts';
import { orderEvents, ordersOutbox } from '../schema/orders.ts';
import { factsOf } from './facts.ts';
import { orderOf, type OrderRow } from './order-row.ts';

export type EventData = Record<string, unknown>;

/** Records the event of the row's present state; its sequence is already the new one. */
export const recordEvent = async (
  tx: Tx,
  row: OrderRow,
  type: string,
  data: EventData,
): Promise<void> => {
  const { id, storeId, sequence, principal } = row;
  await tx.insert(orderEvents).values({ orderId: id, sequence, storeId, type, data });
  const facts = await factsOf(tx, orderOf(row));
  const dataJson = JSON.stringify(data);
  const event = { sequence, type, occurredAt: new Date(), dataJson, principal, facts };
  await publish(tx, ordersOutbox, [orderChanged(event)]);
};

export interface OrderEvent {
  sequence: number;
  type: string;
  data: EventData;
  createdAt: Date;
}

/** Events after a sequence number, oldest first, at most EVENTS_PAGE_MAX. */
export const listOrderEvents = (
  pg: Pg,
  storeId: string,
  orderId: string,
  after: number,
): Promise<OrderEvent[]> =>
  pg.query('orders.events', (db) =>
    db
      .select({
        sequence: orderEvents.sequence,
        type: orderEvents.type,
        data: orderEvents.data,
        createdAt: orderEvents.createdAt,
      })
      .from(orderEvents)
      .where(
        and(
          eq(orderEvents.orderId, orderId),
          eq(orderEvents.storeId, storeId),
          gt(orderEvents.sequence, after),
        ),
      )
      .orderBy(asc(orderEvents.sequence))
      .limit(EVENTS_PAGE_MAX),
  );

const ORDER_PAYLOAD = new RegExp(`^${RegExp.escape(TOPICS.orders)} .*/(ord_\\w+)$`);

/**
 * Runs `onEvent` with the id of each order of any store that has a new event, once it is committed;
 * without an id after each (re)connection, when events may have been missed.
 */
export const watchOrderEvents = (
  pg: Pg,
  onEvent: (orderId?: string) => void,
): Promise<() => Promise<void>> =>
  pg.listen(OUTBOX_CHANNEL, (payload) => {
    const orderId = payload && ORDER_PAYLOAD.exec(payload)?.[1];
    if (payload === undefined || orderId) onEvent(orderId);
  });
