// Tests the order read model: it follows Postgres, answers while Postgres is unavailable, and is rebuilt.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Client as CassandraClient } from 'cassandra-driver';
import { testInstance } from '../../ops/instance.ts';
import { rebuildNow } from '../../ops/commands/rebuild-orders.ts';
import { asShopper, eventually } from '../support/journeys.ts';
import { eventsOf, orderRow } from '../support/judges.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { delivered } from '../support/stuck-orders.ts';

const LIMIT_MS = 120_000;
let shop: BreakableShop;
let cassandra: CassandraClient;
beforeAll(async () => {
  shop = await breakableShop();
  cassandra = new CassandraClient({
    contactPoints: [shop.env['CASSANDRA_CONTACT_POINT'] ?? ''],
    localDataCenter: 'datacenter1',
    keyspace: 'holdfast',
  });
}, UP_LIMIT_MS);
afterAll(() => cassandra.shutdown());

interface OrderChangedJson {
  sequence: number;
  facts: { status: string };
}

const viewOf = async (id: string): Promise<OrderChangedJson | undefined> => {
  const query = 'select latest from events_by_order where store_id = ? and order_id = ? limit 1';
  const { rows } = await cassandra.execute(query, ['sto_default', id], { prepare: true });
  const text = rows[0]?.['latest'] as string | undefined;
  return text ? (JSON.parse(text) as OrderChangedJson) : undefined;
};

const followed = (id: string): Promise<true> =>
  eventually(`${id} is delivered on the read side`, async () =>
    (await viewOf(id))?.facts.status === 'ORDER_STATUS_DELIVERED' ? true : undefined,
  );

/** Ids of a principal's newest orders, as Orders lists them. */
const listedBy = async (principal: string): Promise<string[]> => {
  const path = '/holdfast.orders.v1.OrdersService/ListOrders';
  const response = await fetch(`${shop.env['ORDERS_URL']}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${shop.env['INTERNAL_TOKEN']}`,
    },
    body: JSON.stringify({ principal, limit: 100 }),
  });
  const { orders } = (await response.json()) as { orders: { facts: { id: string } }[] };
  return orders.map(({ facts }) => facts.id);
};

describe('the order read model', () => {
  test(
    'follows Postgres, event by event',
    async () => {
      const { id } = await delivered(shop);
      await followed(id);
      const types = await eventsOf(shop, id);
      const query = 'select type from events_by_order where store_id = ? and order_id = ?';
      const { rows } = await cassandra.execute(query, ['sto_default', id], { prepare: true });
      expect(rows.map((row) => String(row['type']))).toEqual(types);
    },
    LIMIT_MS,
  );

  test(
    'answers while Postgres is unavailable, with its age',
    async () => {
      const it = await delivered(shop);
      await followed(it.id);
      const [row] = await shop.sql`select principal from orders.orders where id = ${it.id}`;
      const principal = String(row?.['principal']);
      await shop.kill('postgres');
      try {
        const order = await asShopper<{ status: string; asOf?: string }>(shop, it, 'GET');
        expect([order.status, order.body.status]).toEqual([200, 'delivered']);
        expect(Date.parse(order.body.asOf ?? '')).toBeGreaterThan(0);
        const timeline = await asShopper<{ events: { type: string }[] }>(
          shop,
          it,
          'GET',
          '/events',
        );
        expect(timeline.body.events.at(-1)?.type).toBe('OrderDelivered');
        expect(await listedBy(principal)).toContain(it.id);
      } finally {
        await shop.start('postgres');
        await shop.allReady();
      }
      await eventually('Postgres answers again', async () => {
        const { status, body } = await asShopper<{ asOf?: string }>(shop, it, 'GET');
        return status === 200 && body.asOf === undefined ? true : undefined;
      });
    },
    LIMIT_MS,
  );

  test(
    'is rebuilt from the topic alone: lost rows are restored, stray rows are deleted',
    async () => {
      const { id } = await delivered(shop);
      await followed(id);
      const row = await orderRow(shop, id);
      expect(row?.status).toBe('delivered');
      await cassandra.execute('truncate events_by_order');
      await cassandra.execute(`insert into orders_by_customer (store_id, principal, order_id,
        sequence, document) values ('sto_default', 'stray', 'ord_stray', 1,
        '{"sequence":1}')`);
      const lines: string[] = [];
      const differences = await rebuildNow(testInstance(), (line) => void lines.push(line));
      expect([differences, lines.filter((line) => line.startsWith('ord_'))]).toEqual([0, []]);
      expect(await viewOf(id)).toMatchObject({ facts: { status: 'ORDER_STATUS_DELIVERED' } });
      const stray = `select order_id from orders_by_customer
        where store_id = 'sto_default' and principal = 'stray'`;
      expect((await cassandra.execute(stray)).rows).toEqual([]);
    },
    LIMIT_MS,
  );
});
