// Migrates Cassandra: creates the missing keyspace, tables and indexes.
import { Client } from 'cassandra-driver';
import { SCHEMA, TABLE_SETS } from './schema.ts';
import { LISTING_RULES, statementFor, suffixOf, TABLES } from './table-sets.ts';

export interface Target {
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

const isIndex = (statement: string): boolean => statement.startsWith('create index');

/** The statements of a further table set: those that name its tables. */
const statementsFor = ({ keyspace }: Target, set: number): string[] =>
  SCHEMA.filter((statement) => statementFor(2, statement) !== statement).map((statement) =>
    statementFor(set, statement).replaceAll('KEYSPACE', keyspace),
  );

/**
 * Creates the tables of a further set; existing ones stay. Indexes come later, because building
 * them after the rebuild takes a fraction of the time of indexing row by row.
 */
export const createTableSet = (target: Target, set: number, buckets: number): Promise<void> =>
  withClient(target, async (client) => {
    await client.execute(
      `update ${target.keyspace}.table_sets
       set buckets[${set}] = ${buckets}, written_by[${set}] = ${LISTING_RULES}
       where name = 'search'`,
    );
    const tables = statementsFor(target, set).filter((statement) => !isIndex(statement));
    for (const statement of tables) await client.execute(statement);
  });

const INDEXES = `select table_name, is_building, is_queryable from system_views.sai_column_indexes
  where keyspace_name = ?`;
const POLL_MS = 1_000;
/** Polls without a running build after which a build counts as failed. */
const IDLE_POLLS_MAX = 10;
/** Cassandra 5.0 fails a build whose table it compacts at the same moment; the next one passes. */
const BUILDS_MAX = 3;

/** False when a node has stopped building. */
const areBuilt = async (client: Client, target: Target, set: number): Promise<boolean> => {
  const wanted = statementsFor(target, set).filter(isIndex).length;
  for (let idle = 0; idle < IDLE_POLLS_MAX;) {
    const hosts = client.hosts.values().filter((host) => host.isUp());
    const polls = hosts.map((host) => client.execute(INDEXES, [target.keyspace], { host }));
    const found = (await Promise.all(polls))
      .flatMap(({ rows }) => rows)
      .filter((row) => row['table_name'] === `listings${suffixOf(set)}`);
    const ready = found.filter((row) => row['is_queryable'] === true).length;
    if (hosts.length > 0 && ready === hosts.length * wanted) return true;
    idle = found.some((row) => row['is_building'] === true) ? 0 : idle + 1;
    await Bun.sleep(POLL_MS);
  }
  return false;
};

/**
 * Creates the indexes of a filled set and waits until every node that is up has built them; a build
 * that failed is done again. Rows written meanwhile are indexed as well. Throws when the last build
 * fails.
 */
export const createIndexes = (target: Target, set: number): Promise<void> =>
  withClient(target, async (client) => {
    for (let builds = 1; ; builds++) {
      const indexes = statementsFor(target, set).filter(isIndex);
      for (const statement of indexes) await client.execute(statement);
      if (await areBuilt(client, target, set)) return;
      if (builds === BUILDS_MAX) {
        throw new Error('index build failed for the rebuilt tables: see the Cassandra log');
      }
      await dropIndexesBy(client, target, set);
    }
  });

const dropIndexesBy = async (client: Client, target: Target, set: number): Promise<void> => {
  for (const statement of statementsFor(target, set).filter(isIndex)) {
    const name = /listings_\w+_idx\w*/.exec(statement)?.[0];
    await client.execute(`drop index if exists ${target.keyspace}.${name}`);
  }
};

/** Drops a set's indexes while very many rows are written; searches of the set fail meanwhile. */
export const dropIndexes = (target: Target, set: number): Promise<void> =>
  withClient(target, (client) => dropIndexesBy(client, target, set));

/** Drops a set that has no readers. */
export const dropTableSet = (target: Target, set: number): Promise<void> =>
  withClient(target, async (client) => {
    for (const table of TABLES) {
      await client.execute(`drop table if exists ${target.keyspace}.${table}${suffixOf(set)}`);
    }
    await client.execute(
      `delete buckets[${set}], written_by[${set}] from ${target.keyspace}.table_sets
       where name = 'search'`,
    );
  });

const FIND_TABLE = `select table_name from system_schema.tables
  where keyspace_name = ? and table_name = ?`;
/** Of a first set that has never been written. */
const MARK_FIRST = `update KEYSPACE.table_sets set written_by[1] = ${LISTING_RULES}
  where name = 'search'`;

/**
 * Idempotent. Creates the keyspace with one replica; a real cluster's keyspace is created
 * beforehand with three.
 */
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
    const { rows: known } = await client.execute(FIND_TABLE, [keyspace, 'table_sets']);
    for (const statement of TABLE_SETS) await run(statement);
    const { rows } = await run("select live from KEYSPACE.table_sets where name = 'search'");
    const live = Number(rows[0]?.['live'] ?? 1);
    for (const statement of SCHEMA) await run(statementFor(live, statement));
    if (known.length === 0) await run(MARK_FIRST);
  });
};
