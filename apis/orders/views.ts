// Reads orders from the read model: a customer's list, and any order while Postgres is unavailable.
import { create } from '@bufbuild/protobuf';
import type { Cassandra } from '../../db/cassandra/client.ts';
import {
  findOrderView,
  listEventViews,
  listOrderViews,
  type OrderEventView,
  type OrderView,
} from '../../db/cassandra/orders.ts';
import type { OrdersPage } from '../../db/postgres/orders/orders.ts';
import { DomainError } from '../../domain/errors.ts';
import { messageOf } from '../../proto/fill.ts';
import {
  OrderSchema,
  type Order as WireOrder,
} from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import {
  OrderEventSchema,
  type OrderEvent as WireEvent,
} from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { AssertOwned } from './owners.ts';

/** The read model has the facts and nothing private. */
const wireView = ({ facts, occurredAt }: OrderView): WireOrder =>
  create(OrderSchema, { facts, ...(occurredAt && { asOf: occurredAt }) });

const wireEventView = (event: OrderEventView): WireEvent => messageOf(OrderEventSchema, event);

/** Reads Postgres; while it is unavailable, the read model with the time of its newest change. */
const orElse = async <T>(truth: Promise<T>, view: () => Promise<T>): Promise<T> => {
  try {
    return await truth;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'UNAVAILABLE') return view();
    throw error;
  }
};

interface Requested {
  storeId: string;
  id: string;
  assertOwned: AssertOwned;
}

/** UNAVAILABLE for an order the read model lacks: Postgres may have it. NOT_FOUND. */
const viewOf = async (cassandra: Cassandra, { storeId, id, assertOwned }: Requested) => {
  const view = await findOrderView(cassandra, storeId, id);
  if (!view) throw new DomainError('UNAVAILABLE', 'the order cannot be read at the moment');
  assertOwned(view.principal);
  return view;
};

export const orderOrView = (
  cassandra: Cassandra,
  truth: Promise<WireOrder>,
  requested: Requested,
): Promise<WireOrder> => orElse(truth, async () => wireView(await viewOf(cassandra, requested)));

export const eventsOrViews = (
  cassandra: Cassandra,
  truth: Promise<WireEvent[]>,
  requested: Requested & { after: number },
): Promise<WireEvent[]> =>
  orElse(truth, async () => {
    await viewOf(cassandra, requested);
    const { storeId, id, after } = requested;
    return (await listEventViews(cassandra, storeId, id, after)).map(wireEventView);
  });

export const ordersOrViews = (
  cassandra: Cassandra,
  truth: Promise<WireOrder[]>,
  { storeId, principal, before, limit }: OrdersPage,
): Promise<WireOrder[]> =>
  orElse(truth, async () =>
    (await listOrderViews(cassandra, storeId, principal, before)).slice(0, limit).map(wireView),
  );
