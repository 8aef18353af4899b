// Migrates every store and creates the first API keys, once, before other processes start.
import { z } from 'zod';
import { keyHash } from '../apis/http/credentials/keys.ts';
import { migrateCassandra } from '../db/cassandra/migrate.ts';
import { connectKafka } from '../db/kafka/client.ts';
import { connectPostgres, type Pg } from '../db/postgres/client.ts';
import { putApiKey } from '../db/postgres/identity/keys.ts';
import { migratePostgres } from '../db/postgres/migrate.ts';
import { STORE_SCOPES, type Scope } from '../domain/permissions.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { settingsOf } from './config.ts';

const config = settingsOf('migrate');
const telemetry = createTelemetry('migrate', 'info');

const rolePasswords = z.object({
  identity: z.string(),
  products: z.string(),
  inventory: z.string(),
  orders: z.string(),
  relay: z.string(),
  recovery: z.string(),
  authenticator: z.string(),
  shoppers: z.string(),
});

const putKey = (pg: Pg, name: string, key: string, scopes: Scope[]): Promise<void> => {
  const hash = keyHash(key);
  return putApiKey(pg, {
    hash,
    id: `key_${hash.slice(0, 26)}`,
    storeId: config.HOLDFAST_DEFAULT_STORE,
    name,
    scopes,
  });
};

const migrateIdentity = async (): Promise<void> => {
  await migratePostgres(
    config.HOLDFAST_POSTGRES_URL,
    rolePasswords.parse(config.HOLDFAST_ROLE_PASSWORDS),
  );
  const pg = connectPostgres({ url: config.HOLDFAST_POSTGRES_URL, telemetry, connectionsMax: 1 });
  await putKey(pg, 'default store', config.HOLDFAST_BOOTSTRAP_STORE_KEY, STORE_SCOPES);
  await putKey(pg, 'operator', config.HOLDFAST_BOOTSTRAP_OPERATOR_KEY, ['recovery']);
  await pg.close();
};

const migrateKafka = (): Promise<void> =>
  connectKafka(config.HOLDFAST_KAFKA_BROKERS, 'migrate', telemetry).createTopics();

try {
  await Promise.all([
    migrateIdentity(),
    migrateKafka(),
    migrateCassandra({
      contactPoint: config.HOLDFAST_CASSANDRA_CONTACT_POINT,
      datacenter: config.HOLDFAST_CASSANDRA_DATACENTER,
      keyspace: config.HOLDFAST_CASSANDRA_KEYSPACE,
    }),
  ]);
  telemetry.log.info('migrated');
  process.exit(0);
} catch (error) {
  telemetry.log.error('migration failed', error);
  process.exit(1);
}
