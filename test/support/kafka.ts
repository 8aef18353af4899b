// Reads Kafka's topics from a position on, and sends messages made by tests.
import { Kafka, logLevel, Partitioners, type KafkaMessage } from 'kafkajs';
import type { Shop } from './shop.ts';

const kafkaOf = ({ env }: Shop): Kafka =>
  new Kafka({
    clientId: 'tests',
    brokers: [env['KAFKA_BROKERS'] ?? ''],
    logLevel: logLevel.NOTHING,
  });

export interface Listening {
  /** Everything seen so far. */
  messages: KafkaMessage[];
  stop(): Promise<void>;
}

/** Reads a topic from its beginning, as a group of its own. */
export const listenTo = async (shop: Shop, topic: string): Promise<Listening> => {
  const consumer = kafkaOf(shop).consumer({ groupId: `test-${crypto.randomUUID()}` });
  const messages: KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => void messages.push(message),
  });
  return { messages, stop: () => consumer.disconnect() };
};

export interface RawMessage {
  key: string | null;
  value: Uint8Array | null;
  headers?: Record<string, string>;
}

/** Sends one message, valid or not. */
export const sendRaw = async (shop: Shop, topic: string, message: RawMessage): Promise<void> => {
  const producer = kafkaOf(shop).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const value = message.value && Buffer.from(message.value);
  await producer.send({ topic, messages: [{ ...message, value }] });
  await producer.disconnect();
};

/** Offsets by topic and partition. */
export type Offsets = Map<string, Map<number, bigint>>;

export interface Published {
  topic: string;
  partition: number;
  message: KafkaMessage;
}

const SILENCE_MS_MAX = 60_000;

/** The present end of each partition of these topics. */
export const offsetsNow = async (shop: Shop, topics: string[]): Promise<Offsets> => {
  const admin = kafkaOf(shop).admin();
  await admin.connect();
  try {
    const known: Offsets = new Map();
    for (const topic of topics) {
      const offsets = await admin.fetchTopicOffsets(topic);
      known.set(topic, new Map(offsets.map((one) => [one.partition, BigInt(one.high)])));
    }
    return known;
  } finally {
    await admin.disconnect();
  }
};

/** How many messages lie between two positions. */
const messagesBetween = (from: Offsets, to: Offsets): number =>
  [...to].reduce(
    (sum, [topic, ends]) =>
      [...ends].reduce(
        (part, [partition, end]) => part + Number(end - (from.get(topic)?.get(partition) ?? 0n)),
        sum,
      ),
    0,
  );

/** All messages between two positions, in the order of each partition. */
export const publishedBetween = async (
  shop: Shop,
  from: Offsets,
  to: Offsets,
): Promise<Published[]> => {
  const expected = messagesBetween(from, to);
  if (expected === 0) return [];
  const groupId = `test-${crypto.randomUUID()}`;
  const consumer = kafkaOf(shop).consumer({ groupId, maxWaitTimeInMs: 250 });
  const published: Published[] = [];
  const done = Promise.withResolvers<void>();
  const silent = (): void =>
    done.reject(new Error('Kafka returned no more messages before the end'));
  let timer = setTimeout(silent, SILENCE_MS_MAX);
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...from.keys()] });
    await consumer.run({
      eachMessage: async ({ topic, partition, message }) => {
        clearTimeout(timer);
        timer = setTimeout(silent, SILENCE_MS_MAX);
        const end = to.get(topic)?.get(partition) ?? 0n;
        if (BigInt(message.offset) < end) published.push({ topic, partition, message });
        if (published.length === expected) done.resolve();
      },
    });
    // It has begun at the ends. An admin's setOffsets would take five seconds a topic.
    for (const [topic, offsets] of from) {
      for (const [partition, offset] of offsets) {
        consumer.seek({ topic, partition, offset: String(offset) });
      }
    }
    await done.promise;
    return published;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
};
