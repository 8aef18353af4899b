// Brings Cassandra to the present shape: keyspace, tables, indexes; each only if missing.
import { Client } from 'cassandra-driver';
import { SCHEMA } from './schema.ts';

interface Target {
  contactPoint: string;
  datacenter: string;
  keyspace: string;
}

/** Idempotent. One replica here; a real cluster's keyspace is made beforehand with three. */
export const migrateCassandra = async ({
  contactPoint,
  datacenter,
  keyspace,
}: Target): Promise<void> => {
  const client = new Client({ contactPoints: [contactPoint], localDataCenter: datacenter });
  try {
    await client.connect();
    await client.execute(
      `create keyspace if not exists ${keyspace} with replication =
       {'class': 'NetworkTopologyStrategy', '${datacenter}': 1}`,
    );
    for (const statement of SCHEMA) {
      await client.execute(statement.replaceAll('KEYSPACE', keyspace));
    }
  } finally {
    await client.shutdown();
  }
};
