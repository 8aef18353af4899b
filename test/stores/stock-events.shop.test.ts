// Tests stock events: flips at once, other changes at most five a second, the last one always.
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { DEFAULT_STORE, newId } from '../../domain/ids.ts';
import { StockChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { holdOf, inventoryOf } from '../support/inventory.ts';
import { eventually, searched, stockedWare } from '../support/journeys.ts';
import { listenTo, type Listening } from '../support/kafka.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
let shop: Shop;
let inventory: ReturnType<typeof inventoryOf>;
let events: Listening;
beforeAll(async () => {
  shop = await openShop();
  inventory = inventoryOf(shop);
  events = await listenTo(shop, TOPICS.stock);
}, UP_LIMIT_MS);
afterAll(() => events.stop(), LIMIT_MS);

/** The events of a sku, in order. */
const eventsOf = (productId: string, sku: string) =>
  events.messages
    .filter((message) => message.key?.toString() === eventKey(DEFAULT_STORE, productId))
    .map((message) => fromBinary(StockChangedSchema, message.value ?? new Uint8Array()))
    .map(({ clockUs, skus }) => ({
      clockUs,
      available: skus.find((one) => one.sku === sku)?.available,
    }));

const receive = (sku: string, productId: string, quantity: number) =>
  inventory.receiveStock({ receiptId: crypto.randomUUID(), sku, quantity, productId });

describe('stock that changes', () => {
  test(
    'many times a second is published at most five times a second, and its last state always',
    async () => {
      const [sku, productId] = [`T-${crypto.randomUUID()}`, newId('product')];
      await receive(sku, productId, 1);
      const startedAt = performance.now();
      const changes = 60;
      for (let n = 0; n < changes; n++) await receive(sku, productId, 1);
      const seconds = (performance.now() - startedAt) / 1_000;
      await eventually('the last state is published', async () =>
        eventsOf(productId, sku).at(-1)?.available === changes + 1 ? true : undefined,
      );
      const published = eventsOf(productId, sku);
      expect(published.length).toBeLessThanOrEqual(2 + Math.ceil(seconds * 5) + 1);
      const clocks = published.map(({ clockUs }) => clockUs);
      expect(clocks).toEqual(clocks.toSorted((a, b) => Number(a - b)));
    },
    LIMIT_MS,
  );

  test(
    'between sold out and in stock is published every time',
    async () => {
      const [sku, productId] = [`T-${crypto.randomUUID()}`, newId('product')];
      await receive(sku, productId, 1);
      const flips = 6;
      for (let n = 0; n < flips; n++) {
        const request = holdOf(sku);
        // The memo may refuse for a moment after the unit came back, so this is a later attempt.
        await inventory.reserve({ ...request, attempt: 2 });
        await inventory.releaseReservation({ reservationId: request.reservationId });
      }
      await eventually('all flips are published', async () =>
        eventsOf(productId, sku).length >= 1 + 2 * flips ? true : undefined,
      );
      const expected = [1, ...Array.from({ length: flips }, () => [0, 1]).flat()];
      expect(eventsOf(productId, sku).map(({ available }) => available)).toEqual(expected);
    },
    LIMIT_MS,
  );

  test(
    'is followed by search',
    async () => {
      const ware = await stockedWare(shop, 2);
      await searched(shop, ware);
      const moved = newId('product');
      // The same sku under another product: the former product no longer has it.
      await receive(ware.sku, moved, 1);
      await eventually('the former product has an event without units', async () => {
        const published = eventsOf(ware.productId, ware.sku).at(-1);
        return published && published.available === undefined ? true : undefined;
      });
      // Another key, so perhaps another partition: either event may come first.
      await eventually('the new product has an event with all units', async () =>
        eventsOf(moved, ware.sku).at(-1)?.available === 3 ? true : undefined,
      );
    },
    LIMIT_MS,
  );
});
