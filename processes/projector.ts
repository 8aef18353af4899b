// Starts the projector: Kafka → Cassandra.
import { connectCassandra } from '../db/cassandra/client.ts';
import { putProgress } from '../db/cassandra/progress.ts';
import { connectKafka } from '../db/kafka/client.ts';
import { coPartition } from '../db/kafka/co-partition.ts';
import { TOPICS } from '../db/kafka/topics.ts';
import { projectBatch } from '../db/projections/projector.ts';
import { configOf } from './config.ts';
import { run } from './run.ts';

const config = configOf(
  'HOLDFAST_KAFKA_BROKERS',
  'HOLDFAST_CASSANDRA_CONTACT_POINT',
  'HOLDFAST_CASSANDRA_DATACENTER',
  'HOLDFAST_CASSANDRA_KEYSPACE',
);
const PROGRESS_EVERY_MS = 1_000;
const FETCH_WAIT_MS = 250;
const SESSION_TIMEOUT_MS = 10_000;

await run(config, async (telemetry) => {
  const kafka = connectKafka(config.HOLDFAST_KAFKA_BROKERS, 'projector', telemetry);
  const cassandra = connectCassandra({
    contactPoint: config.HOLDFAST_CASSANDRA_CONTACT_POINT,
    datacenter: config.HOLDFAST_CASSANDRA_DATACENTER,
    keyspace: config.HOLDFAST_CASSANDRA_KEYSPACE,
    telemetry,
  });
  let toldAtMs = 0;
  const onIdle = (): void => {
    const nowMs = Date.now();
    if (nowMs - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = nowMs;
    putProgress(cassandra, nowMs).catch((error: unknown) =>
      telemetry.log.error('progress not written', error),
    );
  };
  const project = projectBatch({ kafka, cassandra, telemetry });
  const consumer = await kafka.consume(
    {
      groupId: 'projector',
      partitionAssigners: [coPartition],
      maxWaitTimeInMs: FETCH_WAIT_MS,
      sessionTimeout: SESSION_TIMEOUT_MS,
      retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: 2_000 },
    },
    [TOPICS.products, TOPICS.stock, TOPICS.collections],
    project,
    { onCrash: (error) => telemetry.log.error('consumer crashed', error), onIdle },
  );
  // Orders have a group of their own: the catalogue's backlog is not in their way.
  const orders = await kafka.consume(
    {
      groupId: 'order-views',
      maxWaitTimeInMs: FETCH_WAIT_MS,
      sessionTimeout: SESSION_TIMEOUT_MS,
      retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: 2_000 },
    },
    [TOPICS.orders],
    project,
    { onCrash: (error) => telemetry.log.error('consumer crashed', error), onIdle: () => undefined },
  );
  return {
    checks: {},
    stop: async () => {
      await Promise.all([consumer.stop(), orders.stop()]);
      await kafka.close();
      await cassandra.close();
    },
  };
});
