// Applies Kafka messages to the read model: decodes, validates, folds and writes them.
import { fromBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
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
import { listed } from '../cassandra/listing-rows.ts';
import { findStored, putProjected, type ProductTables } from '../cassandra/products.ts';
import { createRowGroups } from '../cassandra/row-groups.ts';
import type { TableSet } from '../cassandra/table-sets.ts';
import { rememberWords, type RememberWords } from '../cassandra/terms.ts';
import { eventKey, TOPICS } from '../kafka/topics.ts';
import { NOTHING, type Projected } from '../cassandra/product-document.ts';
import { foldProduct, foldStock } from './document.ts';
import { vocabularyOf } from '../cassandra/listing-text.ts';

export type Outcome = 'applied' | 'stale';

/** A message that can never be applied; it goes to the dead-letter topic. */
export class Poison extends Error {}

/** The outcome of a message. */
export type Judged = Outcome | Poison;

const poisonOr = <T>(work: () => T): T | Poison => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Poison) return error;
    throw error;
  }
};

/** Clocks further ahead than this are refused: they would win over every later event. */
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

/** A table set of the catalogue, and the cache of words written to it. */
export interface ReadSide extends ProductTables {
  remember: RememberWords;
}

export const readSideOf = (tables: TableSet): ReadSide => ({
  tables,
  rows: createRowGroups(tables),
  remember: rememberWords(tables),
});

/** A message's content for a product, from either topic. */
interface Decoded {
  storeId: string;
  productId: string;
  fold(known: Projected): Projected | undefined;
}

const DECODERS: Record<string, (message: KafkaMessage) => Decoded> = {
  [TOPICS.products]: (message) => {
    const event = decoded(message, (bytes) => fromBinary(ProductChangedSchema, bytes));
    const { storeId, productId, clockUs } = event;
    assertSane(message, { storeId, id: productId, clockUs });
    return { storeId, productId, fold: (known) => foldProduct(known, event) };
  },
  [TOPICS.stock]: (message) => {
    const event = decoded(message, (bytes) => fromBinary(StockChangedSchema, bytes));
    const { storeId, productId, clockUs } = event;
    assertSane(message, { storeId, id: productId, clockUs });
    return { storeId, productId, fold: (known) => foldStock(known, event) };
  },
};

/** Applies messages of one product in order: one read, the folds, one write. */
const applyToProduct = async (
  readSide: ReadSide,
  decode: (message: KafkaMessage) => Decoded,
  messages: KafkaMessage[],
): Promise<Judged[]> => {
  const decoded = messages.map((message) => poisonOr(() => decode(message)));
  const first = decoded.find((one) => !(one instanceof Poison));
  if (!first || first instanceof Poison) return decoded as Poison[];
  const { storeId, productId } = first;
  const { tables, remember } = readSide;
  const before = await findStored(tables, storeId, productId);
  const known = before ?? NOTHING;
  let next: Projected = known;
  const judged = decoded.map((one): Judged => {
    const folding = one instanceof Poison ? one : poisonOr(() => folded(() => one.fold(next)));
    if (folding instanceof Poison) return folding;
    next = folding ?? next;
    return folding ? 'applied' : 'stale';
  });
  if (next === known) return judged;
  const document = listed(next);
  // Words are written first: after a crash in between the events are delivered again.
  if (document) await remember(storeId, vocabularyOf(document));
  await putProjected(readSide, storeId, productId, before, next);
  return judged;
};

const applyCollection = async (tables: TableSet, message: KafkaMessage): Promise<Outcome> => {
  const event = decoded(message, (bytes) => fromBinary(CollectionChangedSchema, bytes));
  const { storeId, collectionId, clockUs } = event;
  assertSane(message, { storeId, id: collectionId, clockUs });
  await putCollection(tables, event);
  return 'applied';
};

const applyOrder = async (cassandra: Cassandra, message: KafkaMessage): Promise<Outcome> => {
  const event = decoded(message, (bytes) => fromBinary(OrderChangedSchema, bytes));
  const { storeId = '', id = '' } = event.facts ?? {};
  const clockUs = BigInt(event.occurredAt ? timestampMs(event.occurredAt) : 0) * 1_000n;
  assertSane(message, { storeId, id, clockUs });
  await putOrderEvent(cassandra, event);
  return 'applied';
};

/** Applies messages of one key in order; poison is returned, never thrown. */
export type Apply = (topic: string, messages: KafkaMessage[]) => Promise<Judged[]>;

const oneAfterTheOther = async (
  messages: KafkaMessage[],
  apply: (message: KafkaMessage) => Promise<Outcome>,
): Promise<Judged[]> => {
  const judged: Judged[] = [];
  for (const message of messages) {
    const one = apply(message).catch((error: unknown) => {
      if (error instanceof Poison) return error;
      throw error;
    });
    judged.push(await one);
  }
  return judged;
};

export const applyCatalogue =
  (readSide: ReadSide): Apply =>
  (topic, messages) => {
    const decode = DECODERS[topic];
    if (decode) return applyToProduct(readSide, decode, messages);
    return oneAfterTheOther(messages, (message) => applyCollection(readSide.tables, message));
  };

export const applyOrders =
  (cassandra: Cassandra): Apply =>
  (_topic, messages) =>
    oneAfterTheOther(messages, (message) => applyOrder(cassandra, message));
