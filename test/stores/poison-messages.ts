// Invalid messages, each with the cause of its dead deadLetter.
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { DEFAULT_STORE, newId } from '../../domain/ids.ts';
import {
  CollectionChangedSchema,
  OrderChangedSchema,
  ProductChangedSchema,
  StockChangedSchema,
} from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { Ware } from '../support/journeys.ts';
import type { RawMessage } from '../support/kafka.ts';

export const nowUs = (): bigint => BigInt(Date.now()) * 1_000n;
export const YEAR_US = 365n * 24n * 3_600_000_000n;

type Event = Parameters<typeof create<typeof ProductChangedSchema>>[1];
export const productEvent = (event: Event): Uint8Array =>
  toBinary(ProductChangedSchema, create(ProductChangedSchema, { version: 1n, ...event }));

export const deleted = (productId: string, clockUs: bigint, storeId: string = DEFAULT_STORE) =>
  productEvent({ storeId, productId, clockUs, deleted: true });

const ofStock = (productId: string, clockUs: bigint): Uint8Array =>
  toBinary(
    StockChangedSchema,
    create(StockChangedSchema, { storeId: DEFAULT_STORE, productId, clockUs }),
  );

const ofCollection = (collectionId: string, clockUs: bigint): Uint8Array =>
  toBinary(
    CollectionChangedSchema,
    create(CollectionChangedSchema, { storeId: DEFAULT_STORE, collectionId, clockUs }),
  );

const ofOrder = (orderId: string, occurredAtUs: bigint): Uint8Array =>
  toBinary(
    OrderChangedSchema,
    create(OrderChangedSchema, {
      occurredAt: timestampFromMs(Number(occurredAtUs / 1_000n)),
      facts: { storeId: DEFAULT_STORE, id: orderId, createdAt: timestampFromMs(1) },
    }),
  );

export const keyOf = ({ productId }: Ware): string => eventKey(DEFAULT_STORE, productId);
export const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

interface Poison {
  topic?: (typeof TOPICS)[keyof typeof TOPICS];
  cause?: string;
  message(ware: Ware): RawMessage;
}

export const POISON: Record<string, Poison> = {
  'without a value': {
    message: (ware) => ({ key: keyOf(ware), value: null }),
    cause: 'no value',
  },
  'without a key': {
    // A compacted topic accepts no message without a key.
    topic: TOPICS.orders,
    message: ({ productId }) => ({ key: null, value: ofOrder(productId, nowUs()) }),
    cause: 'key and body differ',
  },
  'of random bytes': {
    message: (ware) => ({ key: keyOf(ware), value: bytes(255, 1, 2, 3) }),
    cause: 'does not parse',
  },
  'of two megabytes': {
    message: (ware) => ({ key: keyOf(ware), value: new Uint8Array(2_000_000).fill(255) }),
    cause: 'does not parse',
  },
  'whose key is not its product': {
    message: (ware) => ({ key: keyOf(ware), value: deleted(newId('product'), nowUs()) }),
    cause: 'key and body differ',
  },
  "of another tenant under this one's key": {
    message: (ware) => ({
      key: keyOf(ware),
      value: deleted(ware.productId, nowUs(), newId('store')),
    }),
    cause: 'key and body differ',
  },
  'from a clock a year ahead': {
    message: (ware) => ({ key: keyOf(ware), value: deleted(ware.productId, nowUs() + YEAR_US) }),
    cause: 'the clock is absurd',
  },
  'without a clock': {
    message: (ware) => ({ key: keyOf(ware), value: deleted(ware.productId, 0n) }),
    cause: 'the clock is absurd',
  },
  'of an existing product without its data': {
    message: (ware) => ({
      key: keyOf(ware),
      value: productEvent({
        ...{ storeId: DEFAULT_STORE, productId: ware.productId, clockUs: nowUs() },
      }),
    }),
  },
  'of stock from a clock a year ahead': {
    topic: TOPICS.stock,
    message: (ware) => ({ key: keyOf(ware), value: ofStock(ware.productId, nowUs() + YEAR_US) }),
    cause: 'the clock is absurd',
  },
  'of stock with random bytes': {
    topic: TOPICS.stock,
    message: (ware) => ({ key: keyOf(ware), value: bytes(255) }),
    cause: 'does not parse',
  },
  "of a collection under a product's key": {
    topic: TOPICS.collections,
    message: (ware) => ({ key: keyOf(ware), value: ofCollection(newId('collection'), nowUs()) }),
    cause: 'key and body differ',
  },
};
