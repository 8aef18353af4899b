// Brings Cassandra to the present shape: keyspace, tables, indexes; each only if missing.
import { Client } from 'cassandra-driver';
import { SCHEMA, TABLE_SETS } from './schema.ts';
import { statementFor, suffixOf, TABLES } from './table-sets.ts';

interface Target {
  contactPoint: string;
  datacenter: string;
  keyspace: string;
}

const withClient = async (
  { contactPoint, datacenter }: Omit<Target, 'keyspace'>,
  work: (client: Client) => Promise<void>,
): Promise<void> => {
  const client = new Client({ contactPoints: [contactPoint], localDataCenter: datacenter });
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.shutdown();
  }
};

/** Makes the tables of a further set; what is there already stays. */
export const createTableSet = (target: Target, set: number, buckets: number): Promise<void> =>
  withClient(target, async (client) => {
    await client.execute(
      `update ${target.keyspace}.table_sets set buckets[${set}] = ${buckets}
       where name = 'search'`,
    );
    const own = SCHEMA.filter((statement) => statementFor(2, statement) !== statement);
    for (const statement of own) {
      await client.execute(statementFor(set, statement).replaceAll('KEYSPACE', target.keyspace));
    }
  });

/** Drops a set that nobody reads any more. */
export const dropTableSet = (target: Target, set: number): Promise<void> =>
  withClient(target, async (client) => {
    for (const table of TABLES) {
      await client.execute(`drop table if exists ${target.keyspace}.${table}${suffixOf(set)}`);
    }
    await client.execute(
      `delete buckets[${set}] from ${target.keyspace}.table_sets where name = 'search'`,
    );
  });

/** Idempotent. One replica here; a real cluster's keyspace is made beforehand with three. */
export const migrateCassandra = async ({
  contactPoint,
  datacenter,
  keyspace,
}: Target): Promise<void> => {
  await withClient({ contactPoint, datacenter }, async (client) => {
    await client.execute(
      `create keyspace if not exists ${keyspace} with replication =
       {'class': 'NetworkTopologyStrategy', '${datacenter}': 1}`,
    );
    const run = (statement: string) => client.execute(statement.replaceAll('KEYSPACE', keyspace));
    for (const statement of TABLE_SETS) await run(statement);
    const { rows } = await run("select live from KEYSPACE.table_sets where name = 'search'");
    const live = Number(rows[0]?.['live'] ?? 1);
    for (const statement of SCHEMA) await run(statementFor(live, statement));
  });
};
