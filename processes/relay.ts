// Starts the relay, which publishes the outbox of every schema to Kafka.
import { connectKafka } from '../db/kafka/client.ts';
import { connectPostgres } from '../db/postgres/client.ts';
import { startRelay } from '../db/kafka/relay.ts';
import { configOf } from './config.ts';
import { run } from './run.ts';

const config = configOf('relay');

await run(config, async (telemetry) => {
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry });
  const kafka = connectKafka(config.HOLDFAST_KAFKA_BROKERS, 'relay', telemetry);
  const relay = await startRelay(pg, kafka, telemetry);
  return {
    checks: { relay: async () => relay.check() },
    stop: async () => {
      await relay.stop();
      await kafka.close();
      await pg.close();
    },
  };
});
