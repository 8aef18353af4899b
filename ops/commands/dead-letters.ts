// Dead letters: what could not be projected, why, and sent once more when it can be.
import { Kafka, logLevel, Partitioners, type KafkaMessage } from 'kafkajs';
import { deadLetterTopic, TOPICS } from '../../db/kafka/topics.ts';
import type { Instance } from '../instance.ts';

const REPLAY_GROUP = 'dead-letters-replay';
const IDLE_LIMIT_MS = 1_500;
const JOIN_LIMIT_MS = 20_000;
const OWN_HEADERS = ['holdfast_cause', 'holdfast_source'];

type Print = (line: string) => void;
type Take = (topic: string, partition: number, message: KafkaMessage) => Promise<void>;

const kafkaOf = (instance: Instance): Kafka =>
  new Kafka({
    clientId: 'holdfast',
    brokers: [`127.0.0.1:${instance.port('kafka')}`],
    logLevel: logLevel.NOTHING,
  });

/** Reads the dead letters from where the group is to their end. */
const readAll = async (kafka: Kafka, groupId: string, take: Take): Promise<void> => {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250 });
  const started = Promise.withResolvers<void>();
  let lastAtMs = Date.now();
  consumer.on(consumer.events.FETCH, () => started.resolve());
  await consumer.connect();
  await consumer.subscribe({
    topics: Object.values(TOPICS).map(deadLetterTopic),
    fromBeginning: true,
  });
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      await take(topic, partition, message);
      lastAtMs = Date.now();
    },
  });
  const limit = setTimeout(() => started.reject(new Error('Kafka does not answer')), JOIN_LIMIT_MS);
  await started.promise.finally(() => clearTimeout(limit));
  lastAtMs = Date.now();
  while (Date.now() - lastAtMs < IDLE_LIMIT_MS) await Bun.sleep(100);
  await consumer.disconnect();
};

/** One line a letter: where it lies, its key, why it is there. Answers how many. */
export const listDeadLetters = async (instance: Instance, print: Print): Promise<number> => {
  let count = 0;
  await readAll(
    kafkaOf(instance),
    `dead-letters-${crypto.randomUUID()}`,
    async (topic, partition, message) => {
      count++;
      const cause = String(message.headers?.['holdfast_cause'] ?? '');
      const at = new Date(Number(message.timestamp)).toISOString();
      const key = message.key?.toString() ?? '-';
      print(`${at}  ${topic}/${partition}/${message.offset}  ${key}  ${cause}`);
    },
  );
  print(`${count} dead letters`);
  return count;
};

/** Sends every letter that was not sent again yet to the topic it came from. */
export const replayDeadLetters = async (instance: Instance, print: Print): Promise<number> => {
  const kafka = kafkaOf(instance);
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  let count = 0;
  await readAll(kafka, REPLAY_GROUP, async (topic, _, { key, value, headers = {} }) => {
    const kept = Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name));
    const message = { key, value, headers: Object.fromEntries(kept) };
    await producer.send({ topic: topic.replace(/\.dead$/, ''), messages: [message] });
    count++;
  });
  await producer.disconnect();
  print(`${count} dead letters sent again`);
  return count;
};
