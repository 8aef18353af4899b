// The topics of Holdfast: names, keys, how long they keep what they were told.
import type { ITopicConfig } from 'kafkajs';

export const TOPICS = {
  products: 'holdfast.products.v1',
  collections: 'holdfast.collections.v1',
  stock: 'holdfast.stock.v1',
  orders: 'holdfast.orders.v1',
} as const;

/** Products and stock must have the same number, so that one member folds both of a product. */
export const PARTITIONS = 8;
const ORDERS_RETENTION_MS = 400 * 24 * 3_600_000;
const DEAD_RETENTION_MS = 30 * 24 * 3_600_000;

export const deadLetterTopic = (topic: string): string => `${topic}.dead`;

/** Key of an event: decides its partition, and with it the order in which it is seen. */
export const eventKey = (storeId: string, id: string): string => `${storeId}/${id}`;

const topicConfig = (topic: string, entries: Record<string, string>): ITopicConfig => ({
  topic,
  numPartitions: PARTITIONS,
  replicationFactor: -1,
  configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
});

/** Every topic with its settings; -1 replicas means the cluster's own default. */
export const topicConfigs = (): ITopicConfig[] =>
  Object.values(TOPICS).flatMap((topic) => [
    topicConfig(
      topic,
      topic === TOPICS.orders
        ? { 'retention.ms': String(ORDERS_RETENTION_MS) }
        : { 'cleanup.policy': 'compact' },
    ),
    topicConfig(deadLetterTopic(topic), { 'retention.ms': String(DEAD_RETENTION_MS) }),
  ]);
