// Lists dead letters with their cause, and replays them to their topics.
import type { KafkaMessage } from 'kafkajs';
import { connectKafka, type KafkaClient } from '../../db/kafka/client.ts';
import { endsIn, leftUpTo } from '../../db/kafka/reach.ts';
import { deadLetterTopic, TOPICS } from '../../db/kafka/topics.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Instance } from '../instance.ts';

const REPLAY_GROUP = 'dead-letters-replay';
const POLL_MS = 200;
const READ_LIMIT_MS = 10 * 60_000;
const OWN_HEADERS = ['holdfast_cause', 'holdfast_source'];
const DEAD_TOPICS = Object.values(TOPICS).map(deadLetterTopic);

type Print = (line: string) => void;
interface Message {
  topic: string;
  partition: number;
  message: KafkaMessage;
}
type Take = (messages: Message[]) => Promise<void>;

const withKafka = async <T>(instance: Instance, work: (kafka: KafkaClient) => Promise<T>) => {
  const brokers = [`127.0.0.1:${instance.port('kafka')}`];
  const kafka = connectKafka(brokers, 'holdfast', createTelemetry('holdfast', 'error'));
  try {
    return await work(kafka);
  } finally {
    await kafka.close();
  }
};

/** Reads the dead letters from the group's offsets to the end offsets at the start. */
const readAll = async (kafka: KafkaClient, groupId: string, take: Take): Promise<void> => {
  const ends = endsIn(await kafka.reachOf(groupId, DEAD_TOPICS));
  const failed = Promise.withResolvers<never>();
  const reading = await kafka.consume(
    { groupId, maxWaitTimeInMs: 250 },
    DEAD_TOPICS,
    async ({ batch: { topic, partition, messages }, resolveOffset }) => {
      await take(messages.map((message) => ({ topic, partition, message })));
      resolveOffset(messages.at(-1)?.offset ?? '0');
    },
    failed.reject,
  );
  const read = async (): Promise<void> => {
    for (const limit = Date.now() + READ_LIMIT_MS; Date.now() < limit;) {
      if (leftUpTo(ends, await kafka.reachOf(groupId, DEAD_TOPICS)) === 0) return;
      await Bun.sleep(POLL_MS);
    }
    throw new Error('dead letters not read to their end in time');
  };
  try {
    await Promise.race([read(), failed.promise]);
  } finally {
    await reading.stop();
  }
};

/** Prints one line per dead letter: position, key and cause. Returns their number. */
export const listDeadLetters = (instance: Instance, print: Print): Promise<number> =>
  withKafka(instance, async (kafka) => {
    let count = 0;
    const groupId = `dead-letters-${crypto.randomUUID()}`;
    await readAll(kafka, groupId, async (messages) => {
      for (const { topic, partition, message } of messages) {
        count++;
        const cause = String(message.headers?.['holdfast_cause'] ?? '');
        const at = new Date(Number(message.timestamp)).toISOString();
        const key = message.key?.toString() ?? '-';
        print(`${at}  ${topic}/${partition}/${message.offset}  ${key}  ${cause}`);
      }
    });
    await kafka.forgetGroup(groupId);
    print(`${count} dead letters`);
    return count;
  });

/** Sends every dead letter that was not replayed yet to its original topic. */
export const replayDeadLetters = (instance: Instance, print: Print): Promise<number> =>
  withKafka(instance, async (kafka) => {
    let count = 0;
    await readAll(kafka, REPLAY_GROUP, async (messages) => {
      await kafka.send(
        messages.map(({ topic, message: { key, value, headers = {} } }) => ({
          topic: topic.replace(/\.dead$/, ''),
          key: key?.toString() ?? null,
          value,
          headers: Object.fromEntries(
            Object.entries(headers)
              .filter(([name]) => !OWN_HEADERS.includes(name))
              .map(([name, text]) => [name, String(text)]),
          ),
        })),
      );
      count += messages.length;
    });
    print(`${count} dead letters replayed`);
    return count;
  });
