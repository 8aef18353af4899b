// Checks the promises from the stores and the provider's ledger after a drain.
import { findOrderView } from '../../db/cassandra/orders.ts';
import { connectCassandra } from '../../db/cassandra/client.ts';
import { isEnding, ORDER_MOVES, type OrderStatus } from '../../domain/order.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { request } from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import { brokenOfMoney } from './money-promises.ts';
import { atRest, type Broken } from './at-rest.ts';
import { brokenOfStock } from './stock-promises.ts';
import { persistently, type Kind, type Workload } from './workload.ts';

export interface OrderRow {
  id: string;
  store_id: string;
  status: OrderStatus;
  sequence: number;
  total_minor: number;
}

/** Orders of the workload, also those whose response never arrived. */
const ordersOf = async ({ sql }: Shop, { ware }: Workload): Promise<OrderRow[]> => {
  const rows = await sql`select id, store_id, status, sequence, total_minor from orders.orders
    where lines @> ${sql.json([{ sku: ware.sku }])}`;
  return rows as unknown as OrderRow[];
};

/** Waits until every order and every return of the workload has ended. */
export const drained = async (shop: Shop, workload: Workload): Promise<void> => {
  await persistently('every order has ended', async () => {
    const rows = await ordersOf(shop, workload);
    return rows.every(({ status }) => isEnding(status)) ? true : undefined;
  });
  const { sql } = shop;
  const ids = workload.placed.filter(({ kind }) => kind === 'returns').map(({ id }) => id);
  await persistently('every return has ended', async () => {
    if (ids.length === 0) return true;
    const [row] = await sql`select count(*)::int as count from orders.returns
      where order_id in ${sql(ids)} and state in ('refunded', 'rejected', 'expired')`;
    return row?.['count'] === ids.length ? true : undefined;
  });
};

const ENDINGS: Record<Kind, readonly OrderStatus[]> = {
  pays: ['delivered'],
  authenticates: ['delivered'],
  anotherCard: ['delivered'],
  returns: ['delivered'],
  lost: ['lost'],
  declined: ['cancelled', 'rejected'],
  cancels: ['cancelled'],
  abandons: ['expired'],
  races: ['delivered', 'rejected'],
};

/** There is enough stock for all, so exactly the shoppers who can pay get an order. */
const brokenOfEndings = ({ placed }: Workload, orders: OrderRow[]): Broken => {
  const known = new Map(orders.map((order) => [order.id, order.status]));
  return placed.flatMap(({ id, kind }) => {
    const status = known.get(id);
    if (!status) return [`O1 ${id} had a response and does not exist`];
    return ENDINGS[kind].includes(status) ? [] : [`S5 ${id} ${kind} and is ${status}`];
  });
};

const STATUS_OF: Record<string, OrderStatus> = {
  OrderAccepted: 'accepted',
  OrderPaymentAwaited: 'awaiting_payment',
  OrderConfirmed: 'confirmed',
  OrderPacked: 'packing',
  OrderShipped: 'shipped',
  OrderDelivered: 'delivered',
  OrderCancelled: 'cancelled',
  OrderRejected: 'rejected',
  OrderExpired: 'expired',
  OrderLost: 'lost',
  OrderReturnedToSender: 'returned_to_sender',
};

const illegalMove = (id: string, types: string[]): Broken => {
  const seen = types.flatMap((type) => STATUS_OF[type] ?? []);
  const captured = types.indexOf('PaymentCaptured');
  const packed = types.indexOf('OrderPacked');
  return [
    ...seen.flatMap((to, at) => {
      const from = seen[at - 1];
      return from && !ORDER_MOVES[from].includes(to) ? [`O2 ${id} went from ${from} to ${to}`] : [];
    }),
    ...(packed >= 0 && (captured < 0 || captured > packed) ? [`O7 ${id} packed unpaid`] : []),
  ];
};

const brokenWorkflows = async ({ sql }: Shop, orders: OrderRow[]): Promise<Broken> => {
  const ids = orders.map(({ id }) => id);
  const rows = await sql`select order_id, array_agg(type order by sequence) as types
    from orders.order_events where order_id in ${sql(ids)} group by order_id`;
  return rows.flatMap((row) => illegalMove(String(row['order_id']), row['types'] as string[]));
};

/** A delivered order's shopper gets each of these mails once; a copy has the same message id. */
const WRITTEN = ['confirmed', 'shipped', 'delivered'];

/** Kinds of the mails about an order, by their ids: `<order id>.<kind>@…`. */
const kindsIn = (orderId: string, messageIds: string[]): string[] =>
  [...new Set(messageIds)]
    .filter((id) => id.replace('<', '').startsWith(`${orderId}.`))
    .map((id) => id.split('@')[0]?.split('.')[1] ?? '');

const brokenOfMails = (
  shop: Shop,
  { placed, restMs }: Workload,
  orders: OrderRow[],
): Promise<Broken> => {
  const delivered = new Set(orders.filter((one) => one.status === 'delivered').map(({ id }) => id));
  const look = async (): Promise<Broken> => {
    const looked = placed.map(async ({ id, email }) => {
      if (!delivered.has(id)) return [];
      const url = `${shop.env['MAIL_URL']}/messages?to=${encodeURIComponent(email)}`;
      const { body } = await request<{ messages: { messageId: string }[] }>(url);
      const ids = body.messages.map(({ messageId }) => messageId);
      const kinds = kindsIn(id, ids);
      return WRITTEN.flatMap((kind) => {
        const times = kinds.filter((one) => one === kind).length;
        return times === 1 ? [] : [`O6 ${id} was written ${kind} ${times} times`];
      });
    });
    return (await Promise.all(looked)).flat();
  };
  return atRest(look, restMs);
};

const brokenOfParcels = async ({ env }: Shop, orders: OrderRow[]): Promise<Broken> => {
  const url = `${env['CARRIER_SANDBOX_URL']}/_sandbox/shipments`;
  const { body } = await request<{ shipments: { reference: string; status: string }[] }>(url);
  return orders.flatMap(({ id }) => {
    const own = body.shipments.filter((one) => one.reference === id && one.status !== 'canceled');
    return own.length > 1 ? [`O7 ${id} was sent ${own.length} times`] : [];
  });
};

/** P2 and P3 of orders: every transition has come through Kafka into the read model. */
const brokenOfViews = async (
  { env }: Shop,
  orders: OrderRow[],
  restMs: number,
): Promise<Broken> => {
  const cassandra = connectCassandra({
    contactPoint: env['CASSANDRA_CONTACT_POINT'] ?? '',
    datacenter: 'datacenter1',
    keyspace: 'holdfast',
    telemetry: createTelemetry('test', 'silent'),
  });
  const missing = async (): Promise<Broken> => {
    const looked = orders.map(async ({ id, store_id: storeId, sequence }) => {
      const view = await findOrderView(cassandra, storeId, id);
      return view?.sequence === sequence ? [] : [`P3 ${id}: ${view?.sequence} of ${sequence}`];
    });
    return (await Promise.all(looked)).flat();
  };
  try {
    return await atRest(missing, restMs);
  } finally {
    await cassandra.close();
  }
};

/** Checks every promise over the orders of a workload that has drained. */
export const brokenPromises = async (shop: Shop, workload: Workload): Promise<Broken> => {
  const orders = await ordersOf(shop, workload);
  if (orders.length === 0) return ['the workload made no order'];
  const checks = await Promise.all([
    brokenOfMoney(shop, orders),
    brokenOfStock(shop, workload, orders),
    brokenWorkflows(shop, orders),
    brokenOfMails(shop, workload, orders),
    brokenOfParcels(shop, orders),
    brokenOfViews(shop, orders, workload.restMs),
  ]);
  return [...brokenOfEndings(workload, orders), ...checks.flat()];
};
