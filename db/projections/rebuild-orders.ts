// Rebuilds the order read model from its topic and compares it with Postgres.
import { fromBinary } from '@bufbuild/protobuf';
import { OrderChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { Cassandra } from '../cassandra/client.ts';
import {
  deleteOrderView,
  findOrderView,
  listAllOrderKeys,
  putOrderEvent,
  viewOf,
} from '../cassandra/orders.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { TOPICS } from '../kafka/topics.ts';
import type { Pg } from '../postgres/client.ts';
import { listSequences } from '../postgres/orders/orders.ts';

const PAGE = 500;
const WRITES_CONCURRENT_MAX = 16;

export interface OrderDifference {
  orderId: string;
  /** The newest event number in Postgres, and in the read model (0: absent). */
  written: number;
  view: number;
}

export interface OrdersRebuilt {
  events: number;
  orders: number;
  /** Rows that no event of the topic explains; they are deleted. */
  strays: number;
  differences: OrderDifference[];
}

interface Deps {
  pg: Pg;
  cassandra: Cassandra;
  kafka: KafkaClient;
}

/** Folds every event again; an existing row is written with the same timestamp. */
const refold = async ({ cassandra, kafka }: Deps) => {
  const known = new Map<string, number>();
  let waiting: Promise<void>[] = [];
  const events = await kafka.readToEnd(TOPICS.orders, async ({ value }) => {
    if (!value) return;
    const event = fromBinary(OrderChangedSchema, value);
    const { id } = viewOf(event).facts;
    known.set(id, Math.max(known.get(id) ?? 0, event.sequence));
    waiting.push(putOrderEvent(cassandra, event));
    if (waiting.length < WRITES_CONCURRENT_MAX) return;
    await Promise.all(waiting);
    waiting = [];
  });
  await Promise.all(waiting);
  return { events, known };
};

const dropStrays = async ({ cassandra }: Deps, known: Map<string, number>): Promise<number> => {
  let strays = 0;
  for await (const key of listAllOrderKeys(cassandra)) {
    if (known.has(key.id)) continue;
    await deleteOrderView(cassandra, key);
    strays++;
  }
  return strays;
};

/**
 * Safe under traffic: rows are written under their events' own timestamps, so nothing newer is
 * overwritten. An order whose last event is not on the topic yet counts as different.
 */
export const rebuildOrders = async (deps: Deps): Promise<OrdersRebuilt> => {
  const { pg, cassandra } = deps;
  const { events, known } = await refold(deps);
  const strays = await dropStrays(deps, known);
  const differences: OrderDifference[] = [];
  let orders = 0;
  for (let after = ''; ;) {
    const page = await listSequences(pg, after, PAGE);
    for (const { id: orderId, storeId, sequence: written } of page) {
      const view = (await findOrderView(cassandra, storeId, orderId))?.sequence ?? 0;
      if (view < written) differences.push({ orderId, written, view });
    }
    orders += page.length;
    if (page.length < PAGE) return { events, orders, strays, differences };
    after = page.at(-1)?.id ?? '';
  }
};
