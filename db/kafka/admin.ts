// What is asked of Kafka itself: topics, groups, and how far along they are.
import type { Admin, Kafka } from 'kafkajs';
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

/** Makes the topics that are missing; present ones stay as they are. */
export const createMissingTopics = (kafka: Kafka): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const present = new Set(await admin.listTopics());
    const topics = topicConfigs().filter(({ topic }) => !present.has(topic));
    if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: true });
  });

/** How many messages the group has not committed yet, over all partitions of the topics. */
export const lagOf = (kafka: Kafka, groupId: string, topics: string[]): Promise<number> =>
  withAdmin(kafka, async (admin) => {
    const committed = await admin.fetchOffsets({ groupId, topics });
    let lag = 0;
    for (const topic of topics) {
      const own = committed.find((one) => one.topic === topic)?.partitions ?? [];
      for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
        const offset = own.find((one) => one.partition === partition)?.offset ?? '-1';
        const from = Math.max(Number(offset), Number(low));
        lag += Math.max(0, Number(high) - from);
      }
    }
    return lag;
  });

/** Deletes a group without members; one that is not there is deleted already. */
export const forgetGroup = (kafka: Kafka, groupId: string): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const { groups } = await admin.listGroups();
    if (groups.some((one) => one.groupId === groupId)) await admin.deleteGroups([groupId]);
  });

/** The offset after the last message of each partition that has any. */
export const endsOf = (kafka: Kafka, topic: string): Promise<Map<number, bigint>> =>
  withAdmin(kafka, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(
      offsets
        .filter(({ low, high }) => BigInt(high) > BigInt(low))
        .map(({ partition, high }) => [partition, BigInt(high)]),
    );
  });
