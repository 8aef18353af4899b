// The topics of Holdfast: names, keys, how long they keep what they were told.
import type { ITopicConfig } from 'kafkajs';

export const TOPICS = {
  products: 'holdfast.products.v1',
  collections: 'holdfast.collections.v1',
  stock: 'holdfast.stock.v1',
  orders: 'holdfast.orders.v1',
} as const;

/** How far the catalogue's topics go: told by relays each second, and soon of no use. */
export const PROGRESS_TOPIC = 'holdfast.progress.v1';
const PROGRESS_RETENTION_MS = 3_600_000;

/** Products and stock must have the same number, so that one member folds both of a product. */
export const PARTITIONS = 8;
const ORDERS_RETENTION_MS = 400 * 24 * 3_600_000;
const DEAD_RETENTION_MS = 30 * 24 * 3_600_000;

export const deadLetterTopic = (topic: string): string => `${topic}.dead`;

/** Key of an event: decides its partition, and with it the order in which it is seen. */
export const eventKey = (storeId: string, id: string): string => `${storeId}/${id}`;

/** The largest event is a product of a whole body (1 MiB); a buried one has its cause besides. */
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

/** Every topic with its settings; -1 replicas means the cluster's own default. */
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
