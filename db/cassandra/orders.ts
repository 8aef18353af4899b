// Orders on the read side: one row a customer's order, one row an event, nothing personal.
import type { OrderChanged } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { Cassandra, Row } from './client.ts';

const LIMIT_MAX = 100;
const EVENTS_MAX = 200;

/** An order as the read side knows it, after the event with this sequence. */
export interface OrderView {
  id: string;
  storeId: string;
  principal: string;
  sequence: number;
  status: string;
  paymentStatus: string;
  totalMinor: number;
  refundedMinor: number;
  currency: string;
  lines: { sku: string; productId: string; name: string; quantity: number; unitMinor: number }[];
  attentionReason: string;
  trackingNumber: string;
  endCode: string;
  endMessage: string;
  createdAtMs: number;
  updatedAtMs: number;
}

export interface OrderEventView {
  sequence: number;
  type: string;
  atMs: number;
  dataJson: string;
}

export const viewOf = (event: OrderChanged): OrderView => ({
  id: event.orderId,
  storeId: event.storeId,
  principal: event.principal,
  sequence: event.sequence,
  status: event.status,
  paymentStatus: event.paymentStatus,
  totalMinor: Number(event.totalMinor),
  refundedMinor: Number(event.refundedMinor),
  currency: event.currency,
  lines: event.lines.map(({ sku, productId, name, quantity, unitMinor }) => ({
    sku,
    productId,
    name,
    quantity,
    unitMinor: Number(unitMinor),
  })),
  attentionReason: event.attentionReason,
  trackingNumber: event.trackingNumber,
  endCode: event.endCode,
  endMessage: event.endMessage,
  createdAtMs: Math.floor(Number(event.createdAtUs) / 1_000),
  updatedAtMs: Math.floor(Number(event.occurredAtUs) / 1_000),
});

/** Above every earlier event of the order, whenever it is written: the newest state stays. */
const timestampOf = ({ createdAtUs, sequence }: OrderChanged): number =>
  Number(createdAtUs) + sequence;

const INSERT_EVENT = `insert into events_by_order
  (store_id, order_id, sequence, type, at, data, latest) values (?, ?, ?, ?, ?, ?, ?)`;
const INSERT_ORDER = `insert into orders_by_customer
  (store_id, principal, order_id, sequence, document) values (?, ?, ?, ?, ?)`;

/** Writes an event and the state it led to; written again, or late, it changes nothing newer. */
export const putOrderEvent = async (cassandra: Cassandra, event: OrderChanged): Promise<void> => {
  const { storeId, orderId, principal, sequence, type, dataJson } = event;
  const view = viewOf(event);
  const document = JSON.stringify(view);
  const at = new Date(view.updatedAtMs);
  await cassandra.batch(
    'orders.put',
    [
      {
        query: INSERT_EVENT,
        params: [storeId, orderId, sequence, type, at, dataJson, document],
      },
      { query: INSERT_ORDER, params: [storeId, principal, orderId, sequence, document] },
    ],
    timestampOf(event),
  );
};

const viewIn = (row: Row | undefined, column: string): OrderView | undefined =>
  row?.[column] ? (JSON.parse(String(row[column])) as OrderView) : undefined;

/** The order as the read side has it; it may be a little behind. */
export const findOrderView = async (
  cassandra: Cassandra,
  storeId: string,
  orderId: string,
): Promise<OrderView | undefined> => {
  const query = 'select latest from events_by_order where store_id = ? and order_id = ? limit 1';
  const [row] = await cassandra.run('orders.find', query, [storeId, orderId]);
  return viewIn(row, 'latest');
};

/** A customer's orders, newest first; `before` is the id of the last one seen, or empty. */
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
    where store_id = ? and order_id = ? and sequence > ? limit ${EVENTS_MAX}`;
  const rows = await cassandra.run('orders.events', query, [storeId, orderId, after]);
  return rows.map((row) => ({
    sequence: Number(row['sequence']),
    type: String(row['type']),
    atMs: (row['at'] as Date).getTime(),
    dataJson: String(row['data'] ?? '{}'),
  }));
};

/** Every customer's orders, in no order: for comparing with the topic. */
export async function* listAllOrderViews(cassandra: Cassandra): AsyncGenerator<OrderView> {
  const query = 'select document from orders_by_customer';
  for await (const row of cassandra.scan('orders.all', query)) {
    const view = viewIn(row, 'document');
    if (view) yield view;
  }
}

/** Removes every row of an order. */
export const deleteOrderView = async (
  cassandra: Cassandra,
  { storeId, principal, id }: Pick<OrderView, 'storeId' | 'principal' | 'id'>,
): Promise<void> => {
  await cassandra.run(
    'orders.delete',
    'delete from orders_by_customer where store_id = ? and principal = ? and order_id = ?',
    [storeId, principal, id],
  );
  const query = 'delete from events_by_order where store_id = ? and order_id = ?';
  await cassandra.run('orders.deleteEvents', query, [storeId, id]);
};
