// Kafka topics: their names, keys and retention.
import type { ITopicConfig } from 'kafkajs';

export const TOPICS = {
  products: 'holdfast.products.v1',
  collections: 'holdfast.collections.v1',
  stock: 'holdfast.stock.v1',
  orders: 'holdfast.orders.v1',
} as const;

/** The progress of the catalogue's topics: published by relays each second, retained briefly. */
export const PROGRESS_TOPIC = 'holdfast.progress.v1';
const PROGRESS_RETENTION_MS = 3_600_000;

/** Products and stock have equally many partitions, so that one member folds both for a product. */
export const PARTITIONS = 8;
const ORDERS_RETENTION_MS = 400 * 24 * 3_600_000;
const DEAD_RETENTION_MS = 30 * 24 * 3_600_000;

export const deadLetterTopic = (topic: string): string => `${topic}.dead`;

/** An event's key: decides its partition and so its order. */
export const eventKey = (storeId: string, id: string): string => `${storeId}/${id}`;

/** Largest message: a product of a whole body (1 MiB), plus the cause in the dead-letter topic. */
const EVENT_BYTES_MAX = 4 * 1024 * 1024;
const DEAD_BYTES_MAX = 5 * 1024 * 1024;

const topicConfig = (
  topic: string,
  entries: Record<string, string | number>,
  partitions = PARTITIONS,
): ITopicConfig => ({
  topic,
  numPartitions: partitions,
  replicationFactor: -1,
  configEntries: Object.entries(entries).map(([name, value]) => ({ name, value: String(value) })),
});

/** Every topic with its settings; -1 replicas is the cluster's default. */
export const topicConfigs = (): ITopicConfig[] => [
  ...Object.values(TOPICS).flatMap((topic) => [
    topicConfig(topic, {
      'max.message.bytes': EVENT_BYTES_MAX,
      ...(topic === TOPICS.orders
        ? { 'retention.ms': ORDERS_RETENTION_MS }
        : { 'cleanup.policy': 'compact' }),
    }),
    topicConfig(deadLetterTopic(topic), {
      'max.message.bytes': DEAD_BYTES_MAX,
      'retention.ms': DEAD_RETENTION_MS,
    }),
  ]),
  topicConfig(PROGRESS_TOPIC, { 'retention.ms': PROGRESS_RETENTION_MS }, 1),
];
