// Measures the time from commit to searchable at a steady rate, beside Kafka's own latency.
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { call } from '../ops/sample/load.ts';
import type { Instance } from '../ops/instance.ts';
import { posted, settled, withCatalogue, type CatalogueBench } from './catalogue.ts';
import { quantile } from './method.ts';

const SAMPLES = 400;
/** Interval of samples, independent of earlier ones. */
const EVERY_MS = 100;
const POLL_MS = 5;
const LIMIT_MS = 60_000;
const TOPIC = 'holdfast.bench.v1';
const QUERY = 'query ($id: ID) { product(id: $id) { version } }';

/** Starts `sample` at a steady rate; returns the duration of each. */
const steadily = async (sample: (at: number) => Promise<number>): Promise<number[]> => {
  const running: Promise<number>[] = [];
  for (let at = 0; at < SAMPLES; at++) {
    running.push(sample(at));
    await Bun.sleep(EVERY_MS);
  }
  return Promise.all(running);
};

const searchable = async (bench: CatalogueBench): Promise<number[]> => {
  const { env } = bench;
  const shop = { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
  const ids: string[] = [];
  for (let at = 0; at < SAMPLES / 4; at++) {
    const body = { name: `Pace ${at}`, price: 1 };
    ids.push(((await call(shop, 'POST', '/product', body)) as { id: string }).id);
  }
  await settled(bench);
  return steadily(async (at) => {
    const id = ids[at % ids.length] ?? '';
    const path = `/product/${id}`;
    const { version } = (await call(shop, 'PUT', path, { price: at })) as { version: number };
    const startedAt = performance.now();
    for (;;) {
      const text = await posted(`${env['SEARCH_URL']}/graphql`, {
        query: QUERY,
        variables: { id },
      });
      const { data } = JSON.parse(text) as { data: { product: { version: number } | null } };
      const tookMs = performance.now() - startedAt;
      if ((data.product?.version ?? 0) >= version) return tookMs;
      if (tookMs > LIMIT_MS) throw new Error(`${id} is not searchable`);
      await Bun.sleep(POLL_MS);
    }
  });
};

const received = async ({ env }: CatalogueBench): Promise<number[]> => {
  const brokers = (env['KAFKA_BROKERS'] ?? '').split(',');
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 8 }], waitForLeaders: true });
  const waiting = new Map<string, () => void>();
  const groupId = `bench-${crypto.randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250 });
  const joined = Promise.withResolvers<void>();
  consumer.on(consumer.events.FETCH, () => joined.resolve());
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC });
  await consumer.run({
    eachMessage: async ({ message }) => waiting.get(message.key?.toString() ?? '')?.(),
  });
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
  });
  await producer.connect();
  await joined.promise;
  const times = await steadily(async () => {
    const key = crypto.randomUUID();
    const came = Promise.withResolvers<void>();
    waiting.set(key, came.resolve);
    const startedAt = performance.now();
    await producer.send({ topic: TOPIC, acks: -1, messages: [{ key, value: 'x'.repeat(400) }] });
    await came.promise;
    return performance.now() - startedAt;
  });
  await Promise.all([consumer.disconnect(), producer.disconnect()]);
  await admin.deleteGroups([groupId]);
  await admin.disconnect();
  return times;
};

/** Prints both as percentiles in milliseconds. */
export const timesToSearchable = (instance: Instance): Promise<void> =>
  withCatalogue(instance, async (bench) => {
    const sides = { 'Kafka alone': await received(bench), searchable: await searchable(bench) };
    for (const [name, times] of Object.entries(sides)) {
      const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
      console.log(`${name.padEnd(16)} p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`);
    }
  });
