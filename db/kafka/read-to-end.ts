// Reads a whole topic once: from its beginning to its end offset at the start.
import type { Kafka, KafkaMessage } from 'kafkajs';
import { endsOf, forgetGroup } from './admin.ts';

/** Reading fails when a partition yields nothing for this long. */
const SILENCE_MS_MAX = 60_000;

interface Reading {
  topic: string;
  /** Called in order per partition; the next batch waits for it. */
  onMessage(message: KafkaMessage): Promise<void>;
}

/** Reads in a temporary group that is deleted afterwards; returns the number of messages. */
export const readToEnd = async (kafka: Kafka, { topic, onMessage }: Reading): Promise<number> => {
  const ends = await endsOf(kafka, topic);
  if (ends.size === 0) return 0;
  const groupId = `read-to-end-${crypto.randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250 });
  const done = Promise.withResolvers<void>();
  const silent = (): void =>
    done.reject(new Error(`${topic}: no message received before its end offset`));
  let timer = setTimeout(silent, SILENCE_MS_MAX);
  let count = 0;
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        clearTimeout(timer);
        timer = setTimeout(silent, SILENCE_MS_MAX);
        const end = ends.get(partition);
        if (end === undefined || BigInt(message.offset) >= end) return;
        await onMessage(message).catch(done.reject);
        count++;
        if (BigInt(message.offset) + 1n === end) ends.delete(partition);
        if (ends.size === 0) done.resolve();
      },
    });
    await done.promise;
    return count;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
    await forgetGroup(kafka, groupId);
  }
};
