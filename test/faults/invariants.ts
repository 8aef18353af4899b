// The promises, checked from the stores themselves and the provider's own books after a drain.
import { isEnding, ORDER_MOVES, type OrderStatus } from '../../domain/order.ts';
import { eventually, request } from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import type { Workload } from './workload.ts';

/** Every broken promise by its name and what shows it; empty when all hold. */
export type Broken = string[];

interface OrderRow {
  id: string;
  status: OrderStatus;
  payment_status: string;
  total_minor: number;
}

interface Ledger {
  intents: { id: string; status: string; metadata: { orderId?: string } }[];
  charges: {
    payment_intent: string;
    status: string;
    captured: boolean;
    amount_captured: number;
    amount_refunded: number;
  }[];
}

const ordersOf = async ({ sql }: Shop, { ware }: Workload): Promise<OrderRow[]> => {
  const rows = await sql`select id, status, payment_status, total_minor from orders.orders
    where lines @> ${sql.json([{ sku: ware.sku }])}`;
  return rows as unknown as OrderRow[];
};

/** Waits until every order of the workload has reached an ending. */
export const drained = (shop: Shop, workload: Workload): Promise<OrderRow[]> =>
  eventually('every order has ended', async () => {
    const rows = await ordersOf(shop, workload);
    return rows.every(({ status }) => isEnding(status)) ? rows : undefined;
  });

const moneyOf = async ({ env }: Shop, orders: OrderRow[]): Promise<Broken> => {
  const { body } = await request<Ledger>(`${env['STRIPE_SANDBOX_URL']}/_sandbox/ledger`);
  return orders.flatMap(({ id, status, total_minor: total }) => {
    const intents = body.intents.filter(({ metadata }) => metadata.orderId === id);
    const ids = intents.map((intent) => intent.id);
    const charges = body.charges.filter(
      (charge) => ids.includes(charge.payment_intent) && charge.captured,
    );
    const kept = charges.reduce((sum, one) => sum + one.amount_captured - one.amount_refunded, 0);
    const open = intents.filter((intent) => intent.status === 'requires_capture');
    return [
      ...(charges.length > 1 ? [`M1 ${id} was charged ${charges.length} times`] : []),
      ...(status === 'delivered' && kept !== total ? [`M2 ${id} delivered, kept ${kept}`] : []),
      ...(status !== 'delivered' && kept !== 0 ? [`M2 ${id} ${status}, kept ${kept}`] : []),
      ...(open.length > 0 ? [`M2 ${id} has ended and still holds an authorisation`] : []),
    ];
  });
};

const booksOf = async ({ sql }: Shop, orders: OrderRow[]): Promise<Broken> => {
  const ids = orders.map(({ id }) => id);
  const rows = await sql`select order_id, currency, sum(amount_minor)::int as sum,
      sum(amount_minor) filter (where account = 'card_provider')::int as held
    from orders.ledger_entries where order_id in ${sql(ids)} group by order_id, currency`;
  const held = new Map(rows.map((row) => [row['order_id'], row['held']]));
  const unbalanced = rows.filter((row) => row['sum'] !== 0);
  return [
    ...unbalanced.map((row) => `M3 the entries of ${row['order_id']} sum to ${row['sum']}`),
    ...orders.flatMap(({ id, status, total_minor: total }) => {
      const expected = status === 'delivered' ? total : 0;
      const ours = held.get(id) ?? 0;
      return ours === expected ? [] : [`M3 the books hold ${ours} for ${id}, ${status}`];
    }),
  ];
};

const stockOf = async (
  { sql }: Shop,
  { ware, stocked }: Workload,
  orders: OrderRow[],
): Promise<Broken> => {
  const [balance] = await sql`select sum(on_hand)::int as on_hand, sum(reserved)::int as reserved
    from inventory.balances where sku = ${ware.sku}`;
  const [moved] = await sql`select coalesce(sum(quantity), 0)::int as sum
    from inventory.movements where sku = ${ware.sku}`;
  const gone = orders.filter(({ status }) => status === 'delivered' || status === 'lost').length;
  const onHand = Number(balance?.['on_hand']);
  return [
    ...(onHand !== moved?.['sum'] ? [`S1 movements ${moved?.['sum']}, on hand ${onHand}`] : []),
    ...(balance?.['reserved'] !== 0 ? [`S4 ${balance?.['reserved']} reserved at rest`] : []),
    ...(onHand !== stocked - gone ? [`S2 ${stocked} received, ${gone} gone, ${onHand} left`] : []),
  ];
};

const storiesOf = async (
  { sql }: Shop,
  workload: Workload,
  orders: OrderRow[],
): Promise<Broken> => {
  const known = new Set(orders.map(({ id }) => id));
  const missing = workload.placed.filter(({ id }) => !known.has(id));
  const ids = orders.map(({ id }) => id);
  const rows = await sql`select order_id, array_agg(type order by sequence) as types
    from orders.order_events where order_id in ${sql(ids)} group by order_id`;
  const mails = await sql`select order_id, kind, count(*)::int as count from orders.notifications
    where order_id in ${sql(ids)} group by order_id, kind having count(*) > 1`;
  return [
    ...missing.map(({ id }) => `O1 ${id} was answered and is not there`),
    ...mails.map((row) => `O6 ${row['order_id']} was written ${row['kind']} twice`),
    ...rows.flatMap((row) => illegalMove(String(row['order_id']), row['types'] as string[])),
  ];
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

const parcelsOf = async ({ env }: Shop, orders: OrderRow[]): Promise<Broken> => {
  const url = `${env['CARRIER_SANDBOX_URL']}/_sandbox/shipments`;
  const { body } = await request<{ shipments: { reference: string; status: string }[] }>(url);
  return orders.flatMap(({ id }) => {
    const own = body.shipments.filter((one) => one.reference === id && one.status !== 'canceled');
    return own.length > 1 ? [`O7 ${id} was sent ${own.length} times`] : [];
  });
};

/** Checks every promise over the orders of a workload that has drained. */
export const brokenPromises = async (shop: Shop, workload: Workload): Promise<Broken> => {
  const orders = await ordersOf(shop, workload);
  if (orders.length === 0) return ['the workload made no order'];
  const checks = await Promise.all([
    moneyOf(shop, orders),
    booksOf(shop, orders),
    stockOf(shop, workload, orders),
    storiesOf(shop, workload, orders),
    parcelsOf(shop, orders),
  ]);
  return checks.flat();
};
