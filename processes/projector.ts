// Starts the projector, which writes Kafka events to Cassandra.
import { connectCassandra } from '../db/cassandra/client.ts';
import { connectKafka } from '../db/kafka/client.ts';
import { TOPICS } from '../db/kafka/topics.ts';
import { applyOrders } from '../db/projections/apply.ts';
import { CONSUMER, feedLive } from '../db/projections/catalogue-feed.ts';
import { projectBatch } from '../db/projections/projector.ts';
import { configOf } from './config.ts';
import { run } from './run.ts';

const config = configOf('projector');

await run(config, async (telemetry) => {
  const kafka = connectKafka(config.HOLDFAST_KAFKA_BROKERS, 'projector', telemetry);
  const cassandra = connectCassandra({
    contactPoint: config.HOLDFAST_CASSANDRA_CONTACT_POINT,
    datacenter: config.HOLDFAST_CASSANDRA_DATACENTER,
    keyspace: config.HOLDFAST_CASSANDRA_KEYSPACE,
    telemetry,
  });
  const catalogue = feedLive({ kafka, cassandra, telemetry });
  // Orders have their own group, so that the catalogue's backlog does not delay them.
  const orders = await kafka.consume(
    { ...CONSUMER, groupId: 'order-views' },
    [TOPICS.orders],
    projectBatch({ kafka, telemetry, freshApply: () => applyOrders(cassandra) }),
    (error) => telemetry.log.error('consumer crashed', error),
  );
  return {
    checks: {},
    stop: async () => {
      await Promise.all([catalogue.stop(), orders.stop()]);
      await kafka.close();
      await cassandra.close();
    },
  };
});
