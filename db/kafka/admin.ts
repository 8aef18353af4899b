// Administers Kafka: topics, consumer groups and committed offsets.
import { ConfigResourceTypes, KafkaJSError, type Admin, type Kafka } from 'kafkajs';
import type { Reach } from './reach.ts';
import { topicConfigs } from './topics.ts';

const withAdmin = async <T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

/** Creates missing topics and applies the current settings to existing ones. */
export const createTopics = (kafka: Kafka): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const present = new Set(await admin.listTopics());
    const wanted = topicConfigs();
    const topics = wanted.filter(({ topic }) => !present.has(topic));
    if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: true });
    const resources = wanted
      .filter(({ topic }) => present.has(topic))
      .map(({ topic: name, configEntries = [] }) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configEntries,
      }));
    if (resources.length > 0) await admin.alterConfigs({ validateOnly: false, resources });
  });

const TRIES_MAX = 20;
const AGAIN_MS = 250;

/** kafkajs does not repeat this by itself while a broker that has just started reads its log. */
const committedOf = async (admin: Admin, groupId: string, topics: string[]) => {
  for (let tries = 1; ; tries++) {
    try {
      return await admin.fetchOffsets({ groupId, topics });
    } catch (error) {
      if (!(error instanceof KafkaJSError && error.retriable) || tries === TRIES_MAX) throw error;
      await Bun.sleep(AGAIN_MS);
    }
  }
};

/** The group's committed offset in each partition of the topics. */
export const reachOf = (kafka: Kafka, groupId: string, topics: string[]): Promise<Reach[]> =>
  withAdmin(kafka, async (admin) => {
    const ends = await Promise.all(
      topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) })),
    );
    const committed = await committedOf(admin, groupId, topics);
    return ends.flatMap(({ topic, partitions }) => {
      const own = committed.find((one) => one.topic === topic)?.partitions ?? [];
      return partitions.map(({ partition, high, low }) => {
        const offset = own.find((one) => one.partition === partition)?.offset ?? '-1';
        const name = `${topic}/${partition}`;
        return { name, reached: Math.max(Number(offset), Number(low)), end: Number(high) };
      });
    });
  });

/** Deletes a consumer group without members; a missing group counts as deleted. */
export const forgetGroup = (kafka: Kafka, groupId: string): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const { groups } = await admin.listGroups();
    if (groups.some((one) => one.groupId === groupId)) await admin.deleteGroups([groupId]);
  });

/** The end offset of each partition that has messages. */
export const endsOf = (kafka: Kafka, topic: string): Promise<Map<number, bigint>> =>
  withAdmin(kafka, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(
      offsets
        .filter(({ low, high }) => BigInt(high) > BigInt(low))
        .map(({ partition, high }) => [partition, BigInt(high)]),
    );
  });
