// Tests that every committed change gets from Postgres to Kafka, in order.
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { ProductChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { asStore, eventually, stockedWare } from '../support/journeys.ts';
import { listenTo, type Listening } from '../support/kafka.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
let shop: Shop;
let events: Listening;
beforeAll(async () => {
  shop = await openShop();
  events = await listenTo(shop, TOPICS.products);
}, UP_LIMIT_MS);
afterAll(async () => {
  await events.stop();
}, LIMIT_MS);

const eventsOf = (productId: string) =>
  events.messages
    .filter((message) => message.key?.toString() === eventKey(DEFAULT_STORE, productId))
    .map((message) => fromBinary(ProductChangedSchema, message.value ?? new Uint8Array()));

describe('every committed change of a product', () => {
  test(
    'reaches Kafka in order, and the outbox is empty again',
    async () => {
      const ware = await stockedWare(shop, 1);
      for (const name of ['Second', 'Third']) {
        const path = `/product/${ware.productId}`;
        const body = { name, description: 'made by a test', price: ware.price };
        expect((await asStore(shop, 'PUT', path, body)).status).toBe(200);
      }
      const names = await eventually('three events have come', async () => {
        const events = eventsOf(ware.productId);
        return events.length >= 3 ? events.map((event) => event.product?.name) : undefined;
      });
      expect(names).toEqual([`Ware ${ware.word}`, 'Second', 'Third']);
      const clocks = eventsOf(ware.productId).map((event) => event.clockUs);
      expect(clocks).toEqual(clocks.toSorted((a, b) => Number(a - b)));
      await eventually('the outbox is empty', async () => {
        const [row] = await shop.sql`select count(*)::int as n from products.outbox`;
        return row?.['n'] === 0 ? true : undefined;
      });
    },
    LIMIT_MS,
  );
});
