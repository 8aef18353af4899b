// The road from Postgres over Kafka to Cassandra: nothing is lost, and poison does not block it.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { deadLetterTopic, eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { DEFAULT_STORE, newId } from '../../domain/ids.ts';
import { ProductChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { asStore, eventually, searched, stockedWare } from '../support/journeys.ts';
import { listenTo, sendRaw, type Listening } from '../support/kafka.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
let shop: Shop;
let news: Listening;
let dead: Listening;
beforeAll(async () => {
  shop = await openShop();
  [news, dead] = await Promise.all([
    listenTo(shop, TOPICS.products),
    listenTo(shop, deadLetterTopic(TOPICS.products)),
  ]);
}, UP_LIMIT_MS);
afterAll(async () => {
  await Promise.all([news.stop(), dead.stop()]);
}, LIMIT_MS);

const eventsOf = (productId: string) =>
  news.messages
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

const changed = (productId: string, clockUs: bigint): Uint8Array =>
  toBinary(
    ProductChangedSchema,
    create(ProductChangedSchema, {
      storeId: DEFAULT_STORE,
      productId,
      version: 1n,
      clockUs,
      deleted: true,
    }),
  );

const nowUs = (): bigint => BigInt(Date.now()) * 1_000n;
const YEAR_US = 365n * 24n * 3_600_000_000n;

const POISON: Record<string, { value: (id: string) => Uint8Array | null; cause: string }> = {
  'without a value': { value: () => null, cause: 'no value' },
  'of no known shape': { value: () => new Uint8Array([255, 1, 2, 3]), cause: 'does not parse' },
  'whose key is not its product': {
    value: () => changed(newId('product'), nowUs()),
    cause: 'key and body differ',
  },
  'from a clock a year ahead': {
    value: (id) => changed(id, nowUs() + YEAR_US),
    cause: 'the clock is absurd',
  },
  'without a product that is not deleted': {
    value: (id) => {
      const event = { storeId: DEFAULT_STORE, productId: id, version: 1n, clockUs: nowUs() };
      return toBinary(ProductChangedSchema, create(ProductChangedSchema, event));
    },
    cause: '',
  },
};

describe('a message', () => {
  for (const [name, { value, cause }] of Object.entries(POISON)) {
    test(
      `${name} is buried with its cause, and the next one is applied`,
      async () => {
        const ware = await stockedWare(shop, 1);
        const key = eventKey(DEFAULT_STORE, ware.productId);
        const bytes = value(ware.productId);
        await sendRaw(shop, TOPICS.products, { key, value: bytes });
        const buried = await eventually('it is among the dead letters', async () =>
          dead.messages.find((message) => message.key?.toString() === key),
        );
        const why = buried.headers?.['holdfast_cause']?.toString() ?? '';
        if (cause) expect(why).toBe(cause);
        expect(why).not.toBe('');
        expect(buried.headers?.['holdfast_source']?.toString()).toStartWith(TOPICS.products);
        expect(buried.value?.toString('hex')).toBe(
          bytes ? Buffer.from(bytes).toString('hex') : undefined,
        );
        // The same key, so the same partition, after the poison.
        const path = `/product/${ware.productId}`;
        const word = `after${ware.word}`;
        const body = { name: `Ware ${word}`, description: 'made by a test', price: 3 };
        expect((await asStore(shop, 'PUT', path, body)).status).toBe(200);
        const found = await searched(shop, { ...ware, word });
        expect(found.variants[0]?.price).toBe(3);
      },
      LIMIT_MS,
    );
  }
});
