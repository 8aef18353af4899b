// Dead letters: what could not be projected, why, and sent once more when it can be.
import type { KafkaMessage } from 'kafkajs';
import { connectKafka, type KafkaClient } from '../../db/kafka/client.ts';
import { endsIn, leftUpTo } from '../../db/kafka/reach.ts';
import { deadLetterTopic, TOPICS } from '../../db/kafka/topics.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Instance } from '../instance.ts';

const REPLAY_GROUP = 'dead-letters-replay';
const LOOK_EVERY_MS = 200;
const READ_LIMIT_MS = 10 * 60_000;
const OWN_HEADERS = ['holdfast_cause', 'holdfast_source'];
const DEAD_TOPICS = Object.values(TOPICS).map(deadLetterTopic);

type Print = (line: string) => void;
interface Message {
  topic: string;
  partition: number;
  message: KafkaMessage;
}
type Take = (letters: Message[]) => Promise<void>;

const withKafka = async <T>(instance: Instance, work: (kafka: KafkaClient) => Promise<T>) => {
  const brokers = [`127.0.0.1:${instance.port('kafka')}`];
  const kafka = connectKafka(brokers, 'holdfast', createTelemetry('holdfast', 'error'));
  try {
    return await work(kafka);
  } finally {
    await kafka.close();
  }
};

/** Reads the dead letters from where the group is to where they end when it begins. */
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
      await Bun.sleep(LOOK_EVERY_MS);
    }
    throw new Error('Kafka does not give all dead letters');
  };
  try {
    await Promise.race([read(), failed.promise]);
  } finally {
    await reading.stop();
  }
};

/** One line a letter: where it lies, its key, why it is there. Answers how many. */
export const listDeadLetters = (instance: Instance, print: Print): Promise<number> =>
  withKafka(instance, async (kafka) => {
    let count = 0;
    const groupId = `dead-letters-${crypto.randomUUID()}`;
    await readAll(kafka, groupId, async (letters) => {
      for (const { topic, partition, message } of letters) {
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

/** Sends every letter that was not sent again yet to the topic it came from. */
export const replayDeadLetters = (instance: Instance, print: Print): Promise<number> =>
  withKafka(instance, async (kafka) => {
    let count = 0;
    await readAll(kafka, REPLAY_GROUP, async (letters) => {
      await kafka.send(
        letters.map(({ topic, message: { key, value, headers = {} } }) => ({
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
      count += letters.length;
    });
    print(`${count} dead letters sent again`);
    return count;
  });
