// The Kafka client: a narrow port over kafkajs, so that another client can replace it.
import {
  Kafka,
  logLevel,
  Partitioners,
  type ConsumerConfig,
  type EachBatchPayload,
  type KafkaMessage,
  type Producer,
} from 'kafkajs';
import { withDeadline } from '../../concurrency/deadline.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { createTopics, forgetGroup, reachOf } from './admin.ts';
import type { Reach } from './reach.ts';
import { readToEnd } from './read-to-end.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 10_000;
const SEND_TIMEOUT_MS = 10_000;
/** Limit of one send, retries included. */
const SEND_LIMIT_MS = 10_000;
const RETRIES_MAX = 3;
/** Partitions one consumer works on concurrently, so that a slow partition delays no other. */
const PARTITIONS_CONCURRENT_MAX = 32;

export interface OutgoingMessage {
  topic: string;
  key: string | null;
  value: Uint8Array | null;
  headers: Record<string, string>;
}

export interface KafkaClient {
  /** Sends all messages or throws; order is kept per key. Waits at most 10 s for the broker. */
  send(messages: OutgoingMessage[]): Promise<void>;
  /**
   * Consumes batches of `topics` in a group until `stop`; a batch is finished when its promise
   * resolves. Batches of one partition run in sequence, those of several concurrently. `onCrash`
   * receives non-retriable errors; kafkajs restarts the consumer if it can.
   */
  consume(
    config: ConsumerConfig,
    topics: string[],
    eachBatch: (payload: EachBatchPayload) => Promise<void>,
    onCrash: (error: Error) => void,
  ): Promise<{ stop(): Promise<void> }>;
  /** Reads a topic from its beginning to its current end; returns the number of messages. */
  readToEnd(topic: string, onMessage: (message: KafkaMessage) => Promise<void>): Promise<number>;
  /** The group's committed offset in each partition of these topics. */
  reachOf(groupId: string, topics: string[]): Promise<Reach[]>;
  /** Deletes a group's offsets; the group must have no members. */
  forgetGroup(groupId: string): Promise<void>;
  /** Creates missing topics; existing ones get the current settings. */
  createTopics(): Promise<void>;
  close(): Promise<void>;
}

const byTopic = (messages: OutgoingMessage[]) => {
  const topics = new Map<string, OutgoingMessage[]>();
  for (const message of messages) {
    topics.set(message.topic, [...(topics.get(message.topic) ?? []), message]);
  }
  return [...topics].map(([topic, list]) => ({
    topic,
    messages: list.map(({ key, value, headers }) => ({
      key,
      value: value === null ? null : Buffer.from(value),
      headers,
    })),
  }));
};

const late = (): Error => new Error('Kafka does not answer');

/** One producer for all senders; after a failure the next send reconnects. */
const createSender = (kafka: Kafka) => {
  let connecting: Promise<Producer> | undefined;
  const connect = async (): Promise<Producer> => {
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    return producer;
  };
  const close = async (): Promise<void> => {
    const old = connecting;
    connecting = undefined;
    await old?.then((producer) => producer.disconnect()).catch(() => undefined);
  };
  const send = async (messages: OutgoingMessage[]): Promise<void> => {
    const sending = async (): Promise<void> => {
      const producer = await (connecting ??= connect());
      const topicMessages = byTopic(messages);
      await producer.sendBatch({ topicMessages, acks: -1, timeout: SEND_TIMEOUT_MS });
    };
    try {
      // A late send may still succeed: its retry then sends the messages twice.
      await withDeadline(sending, SEND_LIMIT_MS, late);
    } catch (error) {
      // An unresponsive broker does not answer the disconnect either, so it is not awaited.
      void close();
      throw error;
    }
  };
  return { send, close };
};

export const connectKafka = (
  brokers: string[],
  clientId: string,
  telemetry: Telemetry,
): KafkaClient => {
  const kafka = new Kafka({
    clientId,
    brokers,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { retries: RETRIES_MAX, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.NOTHING,
  });
  const sender = createSender(kafka);
  return {
    send: (messages) => telemetry.timed('kafka', 'send', () => sender.send(messages)),
    consume: async (config, topics, eachBatch, onCrash) => {
      const consumer = kafka.consumer(config);
      consumer.on(consumer.events.CRASH, ({ payload }) => onCrash(payload.error));
      await consumer.connect();
      await consumer.subscribe({ topics, fromBeginning: true });
      await consumer.run({
        eachBatch,
        autoCommit: true,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: PARTITIONS_CONCURRENT_MAX,
      });
      return { stop: () => consumer.disconnect() };
    },
    readToEnd: (topic, onMessage) => readToEnd(kafka, { topic, onMessage }),
    reachOf: (groupId, topics) => reachOf(kafka, groupId, topics),
    forgetGroup: (groupId) => forgetGroup(kafka, groupId),
    createTopics: () => createTopics(kafka),
    close: sender.close,
  };
};
