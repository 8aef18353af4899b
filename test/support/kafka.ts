// Kafka as the tests use it: what a topic was told since a moment, and messages of our own making.
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

/** Sends one message as it is, well formed or not. */
export const sendRaw = async (shop: Shop, topic: string, message: RawMessage): Promise<void> => {
  const producer = kafkaOf(shop).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const value = message.value && Buffer.from(message.value);
  await producer.send({ topic, messages: [{ ...message, value }] });
  await producer.disconnect();
};
