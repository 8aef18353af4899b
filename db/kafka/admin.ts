// What is asked of Kafka itself: topics, groups, and how far along they are.
import { ConfigResourceTypes, type Admin, type Kafka } from 'kafkajs';
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

/** Makes the topics that are missing, and gives those that are there the present settings. */
export const createTopics = (kafka: Kafka): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const present = new Set(await admin.listTopics());
    const wanted = topicConfigs();
    const topics = wanted.filter(({ topic }) => !present.has(topic));
    if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: true });
    const resources = wanted
      .filter(({ topic }) => present.has(topic))
      .map(({ topic: name, configEntries = [] }) => ({
        ...{ type: ConfigResourceTypes.TOPIC, name, configEntries },
      }));
    if (resources.length > 0) await admin.alterConfigs({ validateOnly: false, resources });
  });

/** How far the group has committed each partition of the topics. */
export const reachOf = (kafka: Kafka, groupId: string, topics: string[]): Promise<Reach[]> =>
  withAdmin(kafka, async (admin) => {
    const ends = await Promise.all(
      topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) })),
    );
    const committed = await admin.fetchOffsets({ groupId, topics });
    return ends.flatMap(({ topic, partitions }) => {
      const own = committed.find((one) => one.topic === topic)?.partitions ?? [];
      return partitions.map(({ partition, high, low }) => {
        const offset = own.find((one) => one.partition === partition)?.offset ?? '-1';
        const name = `${topic}/${partition}`;
        return { name, reached: Math.max(Number(offset), Number(low)), end: Number(high) };
      });
    });
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
