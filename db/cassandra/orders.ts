// Orders in the read model: one row per customer's order and one per event, without personal data.
import { fromJsonString, toJsonString } from '@bufbuild/protobuf';
import { timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { EVENTS_PAGE_MAX } from '../../domain/order.ts';
import {
  OrderChangedSchema,
  type OrderChanged,
} from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { OrderFacts } from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import type { Cassandra, Row } from './client.ts';

const LIMIT_MAX = 100;

/** An order as the read side knows it: the newest event, with the whole state it led to. */
export type OrderView = OrderChanged & { facts: OrderFacts };

export interface OrderEventView {
  sequence: number;
  type: string;
  at: Date;
  dataJson: string;
}

/** An event without the facts of its order says nothing: it throws. */
export const viewOf = (event: OrderChanged): OrderView => {
  const { facts } = event;
  if (!facts?.createdAt || !event.occurredAt) throw new Error('an order event without its facts');
  return { ...event, facts };
};

const microsOf = ({ seconds, nanos }: Timestamp): number =>
  Number(seconds) * 1_000_000 + Math.floor(nanos / 1_000);

/** Above every earlier event of the order, whenever it is written: the newest state stays. */
const timestampOf = ({ facts, sequence }: OrderView): number =>
  (facts.createdAt ? microsOf(facts.createdAt) : 0) + sequence;

const INSERT_EVENT = `insert into events_by_order
  (store_id, order_id, sequence, type, at, data, latest) values (?, ?, ?, ?, ?, ?, ?)`;
const INSERT_ORDER = `insert into orders_by_customer
  (store_id, principal, order_id, sequence, document) values (?, ?, ?, ?, ?)`;

/** Writes an event and the resulting state; a repeated or late write changes nothing newer. */
export const putOrderEvent = async (cassandra: Cassandra, event: OrderChanged): Promise<void> => {
  const view = viewOf(event);
  const { sequence, type, dataJson, principal, facts } = view;
  const { id: orderId, storeId } = facts;
  const document = toJsonString(OrderChangedSchema, view);
  const at = view.occurredAt && timestampDate(view.occurredAt);
  await cassandra.batch(
    'orders.put',
    [
      {
        query: INSERT_EVENT,
        params: [storeId, orderId, sequence, type, at, dataJson, document],
      },
      { query: INSERT_ORDER, params: [storeId, principal, orderId, sequence, document] },
    ],
    timestampOf(view),
  );
};

const viewIn = (row: Row | undefined, column: string): OrderView | undefined =>
  row?.[column]
    ? viewOf(fromJsonString(OrderChangedSchema, String(row[column]), { ignoreUnknownFields: true }))
    : undefined;

/** The order in the read model, which may lag behind Postgres. */
export const findOrderView = async (
  cassandra: Cassandra,
  storeId: string,
  orderId: string,
): Promise<OrderView | undefined> => {
  const query = 'select latest from events_by_order where store_id = ? and order_id = ? limit 1';
  const [row] = await cassandra.run('orders.find', query, [storeId, orderId]);
  return viewIn(row, 'latest');
};

/** A customer's orders, newest first; `before` is the last id already read, or empty. */
export const listOrderViews = async (
  cassandra: Cassandra,
  storeId: string,
  principal: string,
  before: string,
): Promise<OrderView[]> => {
  const older = before === '' ? '' : ' and order_id < ?';
  const query = `select document from orders_by_customer
    where store_id = ? and principal = ?${older} limit ${LIMIT_MAX}`;
  const params = [storeId, principal, ...(before === '' ? [] : [before])];
  const rows = await cassandra.run('orders.ofCustomer', query, params);
  return rows.flatMap((row) => viewIn(row, 'document') ?? []);
};

/** Events after a sequence number, oldest first, at most 200. */
export const listEventViews = async (
  cassandra: Cassandra,
  storeId: string,
  orderId: string,
  after: number,
): Promise<OrderEventView[]> => {
  const query = `select sequence, type, at, data from events_by_order
    where store_id = ? and order_id = ? and sequence > ? limit ${EVENTS_PAGE_MAX}`;
  const rows = await cassandra.run('orders.events', query, [storeId, orderId, after]);
  return rows.map((row) => ({
    sequence: Number(row['sequence']),
    type: String(row['type']),
    at: row['at'] as Date,
    dataJson: String(row['data'] ?? '{}'),
  }));
};

export interface OrderKey {
  storeId: string;
  principal: string;
  id: string;
}

/** The keys of every customer's orders, in no order: for comparing with the topic. */
export async function* listAllOrderKeys(cassandra: Cassandra): AsyncGenerator<OrderKey> {
  const query = 'select store_id, principal, order_id from orders_by_customer';
  for await (const row of cassandra.scan('orders.all', query)) {
    yield {
      storeId: String(row['store_id']),
      principal: String(row['principal']),
      id: String(row['order_id']),
    };
  }
}

/** Deletes every row of an order. */
export const deleteOrderView = async (
  cassandra: Cassandra,
  { storeId, principal, id }: OrderKey,
): Promise<void> => {
  await cassandra.run(
    'orders.delete',
    'delete from orders_by_customer where store_id = ? and principal = ? and order_id = ?',
    [storeId, principal, id],
  );
  const query = 'delete from events_by_order where store_id = ? and order_id = ?';
  await cassandra.run('orders.deleteEvents', query, [storeId, id]);
};
