// The facts of orders: what events, the read model and other systems may know of them.
import { asc, inArray } from 'drizzle-orm';
import type { Fillings } from '../../../proto/fill.ts';
import type { OrderFacts } from '../../../proto/gen/holdfast/orders/v1/order_pb.ts';
import type { Db, Tx } from '../client.ts';
import { parcels } from '../schema/orders.ts';
import { refunds } from '../schema/orders-money.ts';
import type { Order } from './order-row.ts';

/** Nothing is refunded or sent before the payment is captured. */
const isPaid = ({ paymentStatus }: Order): boolean =>
  paymentStatus !== 'none' && paymentStatus !== 'authorized';

/** An order with its refunds and parcels: everything that fills its facts. */
export type OrderWithFacts = Order & Pick<Fillings<OrderFacts>, 'refunds' | 'parcels'>;

/** Reads refunds and parcels in one statement each; no statement when no order is paid. */
export const listFacts = async (
  db: Db | Tx,
  orders: readonly Order[],
): Promise<OrderWithFacts[]> => {
  const ids = orders.filter(isPaid).map(({ id }) => id);
  if (ids.length === 0) return orders.map((order) => ({ ...order, refunds: [], parcels: [] }));
  const refunded = await db
    .select()
    .from(refunds)
    .where(inArray(refunds.orderId, ids))
    .orderBy(asc(refunds.createdAt));
  const sent = await db
    .select()
    .from(parcels)
    .where(inArray(parcels.orderId, ids))
    .orderBy(asc(parcels.location));
  const refundsOf = Map.groupBy(refunded, ({ orderId }) => orderId);
  const parcelsOf = Map.groupBy(sent, ({ orderId }) => orderId);
  return orders.map((order) => ({
    ...order,
    refunds: refundsOf.get(order.id) ?? [],
    parcels: parcelsOf.get(order.id) ?? [],
  }));
};

export const factsOf = async (db: Db | Tx, order: Order): Promise<OrderWithFacts> => {
  const [facts] = await listFacts(db, [order]);
  if (!facts) throw new Error('an order without facts');
  return facts;
};
