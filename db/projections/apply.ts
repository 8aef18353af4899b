// One message into the read side: decoded, judged sane, folded, and written by one writer.
import { fromBinary } from '@bufbuild/protobuf';
import type { KafkaMessage } from 'kafkajs';
import {
  CollectionChangedSchema,
  OrderChangedSchema,
  ProductChangedSchema,
  StockChangedSchema,
} from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { Cassandra } from '../cassandra/client.ts';
import { putCollection } from '../cassandra/collections.ts';
import { putOrderEvent } from '../cassandra/orders.ts';
import { findStored, listed, putProjected } from '../cassandra/products.ts';
import { rememberWords, type RememberWords } from '../cassandra/terms.ts';
import { eventKey, TOPICS } from '../kafka/topics.ts';
import { foldProduct, foldStock, NOTHING, type Projected } from './document.ts';
import { vocabularyOf } from './listing-text.ts';

export type Outcome = 'applied' | 'stale';

/** A message that can never be applied, however often it is tried; it goes to the dead letters. */
export class Poison extends Error {}

/** Clocks further ahead than this are absurd: they would win over every true event to come. */
const CLOCK_AHEAD_US_MAX = 24 * 3_600 * 1_000_000;

interface Subject {
  storeId: string;
  id: string;
  clockUs: bigint;
}

const assertSane = (message: KafkaMessage, { storeId, id, clockUs }: Subject): void => {
  if (message.key?.toString() !== eventKey(storeId, id)) throw new Poison('key and body differ');
  const latest = Date.now() * 1_000 + CLOCK_AHEAD_US_MAX;
  if (clockUs <= 0n || Number(clockUs) > latest) throw new Poison('the clock is absurd');
};

const decoded = <T>(message: KafkaMessage, decode: (bytes: Uint8Array) => T): T => {
  if (!message.value || message.value.length === 0) throw new Poison('no value');
  try {
    return decode(message.value);
  } catch (cause) {
    throw new Poison('does not parse', { cause });
  }
};

const folded = <T>(work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    throw new Poison(cause instanceof Error ? cause.message : 'cannot be folded', { cause });
  }
};

/** Where the read side is written: its tables, and the words they are known to have. */
export interface ReadSide {
  cassandra: Cassandra;
  remember: RememberWords;
}

export const readSideOf = (cassandra: Cassandra): ReadSide => ({
  cassandra,
  remember: rememberWords(cassandra),
});

const applyTo = async (
  { cassandra, remember }: ReadSide,
  storeId: string,
  productId: string,
  fold: (known: Projected) => Projected | undefined,
): Promise<Outcome> => {
  const before = await findStored(cassandra, storeId, productId);
  const next = folded(() => fold(before ?? NOTHING));
  if (!next) return 'stale';
  const document = listed(next);
  // Words first: after a crash between the two the event comes again.
  if (document) await remember(storeId, vocabularyOf(document));
  await putProjected(cassandra, storeId, productId, before, next);
  return 'applied';
};

/** One message into the read side. Throws Poison for what can never be applied. */
export const applyMessage = async (
  readSide: ReadSide,
  topic: string,
  message: KafkaMessage,
): Promise<Outcome> => {
  if (topic === TOPICS.products) {
    const event = decoded(message, (bytes) => fromBinary(ProductChangedSchema, bytes));
    const { storeId, productId, clockUs } = event;
    assertSane(message, { storeId, id: productId, clockUs });
    return applyTo(readSide, storeId, productId, (known) => foldProduct(known, event));
  }
  if (topic === TOPICS.stock) {
    const event = decoded(message, (bytes) => fromBinary(StockChangedSchema, bytes));
    const { storeId, productId, clockUs } = event;
    assertSane(message, { storeId, id: productId, clockUs });
    return applyTo(readSide, storeId, productId, (known) => foldStock(known, event));
  }
  if (topic === TOPICS.orders) {
    const event = decoded(message, (bytes) => fromBinary(OrderChangedSchema, bytes));
    const { storeId, orderId, occurredAtUs } = event;
    assertSane(message, { storeId, id: orderId, clockUs: occurredAtUs });
    await putOrderEvent(readSide.cassandra, event);
    return 'applied';
  }
  const event = decoded(message, (bytes) => fromBinary(CollectionChangedSchema, bytes));
  const { storeId, collectionId, clockUs } = event;
  assertSane(message, { storeId, id: collectionId, clockUs });
  await putCollection(readSide.cassandra, event);
  return 'applied';
};
