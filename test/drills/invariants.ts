// Checks the promises from the stores and the provider's ledger after a drain.
import { findOrderView } from '../../db/cassandra/orders.ts';
import { connectCassandra } from '../../db/cassandra/client.ts';
import type { OrderStatus } from '../../domain/order.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Shop } from '../support/shop.ts';
import { atRest, type Broken } from './at-rest.ts';
import { settlements, type Settlements } from './claims/claims.ts';
import { brokenOfMoney } from './money-promises.ts';
import { ordersOf, type OrderRow } from './open-orders.ts';
import { brokenOfEvents, brokenOfMails } from './order-promises.ts';
import { parcelsOf, shipmentsOf, type Shipment } from './parcels.ts';
import type { Kind } from './shoppers.ts';
import { brokenOfStock } from './stock-promises.ts';
import type { Workload } from './workload.ts';

const ENDINGS: Record<Kind, readonly OrderStatus[]> = {
  pays: ['delivered'],
  free: ['delivered'],
  authenticates: ['delivered'],
  anotherCard: ['delivered'],
  returns: ['delivered'],
  partLost: ['delivered'],
  partBack: ['delivered'],
  disputes: ['delivered'],
  overtaken: ['delivered'],
  goodwill: ['delivered'],
  inspected: ['delivered'],
  lost: ['lost'],
  declined: ['cancelled', 'rejected'],
  cancels: ['cancelled'],
  cancelsPaid: ['cancelled'],
  cancelsSplit: ['cancelled'],
  refused: [],
  abandons: ['expired'],
  races: ['delivered', 'rejected'],
};

/** The ending to which each decision of the operator leads. */
const DECIDED: Record<string, OrderStatus> = {
  cancel: 'cancelled',
  readdress: 'delivered',
  lift: 'delivered',
  intercept: 'returned_to_sender',
  let_arrive: 'delivered',
  treat_as_return: 'delivered',
};

/** There is enough stock for all, so exactly the shoppers who can pay get an order. */
const brokenOfEndings = ({ placed, decisions }: Workload, orders: OrderRow[]): Broken => {
  const known = new Map(orders.map((order) => [order.id, order.status]));
  return placed.flatMap(({ id, kind }) => {
    const status = known.get(id);
    if (!status) return [`O1 ${id} had a response and does not exist`];
    const decision = decisions.get(id);
    const decided = decision && DECIDED[decision];
    if (decided) return decided === status ? [] : [`O9 ${id}: ${decision} made it ${status}`];
    return ENDINGS[kind].includes(status) ? [] : [`S5 ${id} ${kind} and is ${status}`];
  });
};

const brokenOfReturns = async (
  { sql }: Shop,
  { placed, decisions }: Workload,
  settledOf: Settlements,
): Promise<Broken> => {
  const wanted = placed.filter(
    ({ id, kind }) =>
      kind === 'returns' || decisions.get(id) === 'treat_as_return' || settledOf(id),
  );
  if (wanted.length === 0) return [];
  const rows = await sql`select order_id, count(*)::int as count from orders.returns
    where order_id in ${sql(wanted.map(({ id }) => id))} and state = 'refunded' group by order_id`;
  const counts = new Map(rows.map((row) => [String(row['order_id']), Number(row['count'])]));
  return wanted.flatMap(({ id }) => {
    const count = counts.get(id) ?? 0;
    const due = settledOf(id)?.returnsAccepted ?? 1;
    return count === due ? [] : [`O9 ${id} has ${count} returns that ended, of ${due}`];
  });
};

/** The carrier's statuses as the record has them. */
const RECORDED: Record<string, string> = { canceled: 'returned' };
const statusOf = ({ status }: Shipment): string => RECORDED[status] ?? status;

const SENT: readonly OrderStatus[] = ['delivered', 'lost', 'returned_to_sender'];

/** A parcel is booked once a location, recorded as the carrier has it, and voided if unsent. */
const brokenOfParcels = async (shop: Shop, orders: OrderRow[]): Promise<Broken> => {
  const shipments = await shipmentsOf(shop);
  const parcels = await parcelsOf(shop, ...orders.map(({ id }) => id));
  return orders.flatMap(({ id, status }) => {
    const booked = shipments.filter(({ reference }) => reference === id);
    // A location whose parcel was never booked has a row without a shipment.
    const recorded = parcels.filter((one) => one.orderId === id && one.shipmentId !== '');
    const theirs = booked.map((one) => `${one.id} ${statusOf(one)}`).sort();
    const ours = recorded.map((one) => `${one.shipmentId} ${one.status}`).sort();
    if (SENT.includes(status)) {
      const text = `the carrier has [${theirs.join(', ')}], the record [${ours.join(', ')}]`;
      return Bun.deepEquals(theirs, ours) ? [] : [`O7 ${id}: ${text}`];
    }
    const left = booked.filter((one) => one.status !== 'canceled');
    return left.map((one) => `O10 ${id} is ${status}, and its parcel is ${one.status}`);
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
  const settledOf = settlements(workload, orders);
  const checks = await Promise.all([
    brokenOfMoney(shop, orders, settledOf),
    brokenOfStock(shop, workload, orders, settledOf),
    brokenOfEvents(shop, orders),
    brokenOfMails(shop, workload, orders, settledOf),
    brokenOfParcels(shop, orders),
    brokenOfReturns(shop, workload, settledOf),
    brokenOfViews(shop, orders, workload.restMs),
  ]);
  return [...brokenOfEndings(workload, orders), ...checks.flat()];
};
