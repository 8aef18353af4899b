// The read side by hand: rebuilt into fresh tables while traffic goes on, compared, dead letters.
import { connectCassandra, type Cassandra } from '../../db/cassandra/client.ts';
import { createTableSet, dropTableSet } from '../../db/cassandra/migrate.ts';
import {
  cassandraOfSet,
  findLiveSet,
  groupOfSet,
  LIVE_SET_TTL_MS,
  putLiveSet,
} from '../../db/cassandra/table-sets.ts';
import { connectKafka, type KafkaClient } from '../../db/kafka/client.ts';
import { CATALOGUE_TOPICS, feedSet } from '../../db/projections/catalogue-feed.ts';
import { compareListings, compareSets, compareWithPostgres } from '../../db/projections/compare.ts';
import { connectPostgres } from '../../db/postgres/client.ts';
import { createTelemetry, type Telemetry } from '../../telemetry/telemetry.ts';
import type { Instance } from '../instance.ts';
import { postgresUrl } from '../servers/postgres.ts';

const DATACENTER = 'datacenter1';
const KEYSPACE = 'holdfast';
const LOOK_EVERY_MS = 500;
/** Traffic goes on, so that the last few messages are always on their way. */
const LAG_MAX = 20;
/** Readers and projectors look once in a second; then the old tables are nobody's. */
const GRACE_MS = 5 * LIVE_SET_TTL_MS;

type Print = (line: string) => void;

interface Stores {
  cassandra: Cassandra;
  kafka: KafkaClient;
  telemetry: Telemetry;
}

const withStores = async <T>(instance: Instance, work: (stores: Stores) => Promise<T>) => {
  const telemetry = createTelemetry('holdfast', 'error');
  const contactPoint = `127.0.0.1:${instance.port('cassandra')}`;
  const cassandra = connectCassandra({
    ...{ contactPoint, telemetry },
    ...{ datacenter: DATACENTER, keyspace: KEYSPACE },
  });
  const kafka = connectKafka([`127.0.0.1:${instance.port('kafka')}`], 'holdfast', telemetry);
  try {
    return await work({ cassandra, kafka, telemetry });
  } finally {
    await kafka.close();
    await cassandra.close();
  }
};

const fill = async (stores: Stores, set: number, print: Print): Promise<void> => {
  const { kafka } = stores;
  const feed = await feedSet(stores, set);
  try {
    for (let lag = Number.POSITIVE_INFINITY; lag > LAG_MAX;) {
      await Bun.sleep(LOOK_EVERY_MS);
      const reaches = await kafka.reachOf(groupOfSet(set), CATALOGUE_TOPICS);
      lag = reaches.reduce((sum, { end, reached }) => sum + Math.max(0, end - reached), 0);
      print(`set ${set}: ${lag} messages behind`);
    }
  } finally {
    await feed.stop();
  }
};

/**
 * Fills a fresh set of tables from the compacted topics, which hold every product's last state;
 * compares it with the live one; switches; drops the old one. Traffic goes on all the while.
 */
export const rebuildSearch = (instance: Instance, print: Print): Promise<void> =>
  withStores(instance, async (stores) => {
    const { cassandra, kafka } = stores;
    const contactPoint = `127.0.0.1:${instance.port('cassandra')}`;
    const target = { contactPoint, datacenter: DATACENTER, keyspace: KEYSPACE };
    const startedAt = Date.now();
    const live = await findLiveSet(cassandra);
    const next = live + 1;
    // What an earlier rebuild has left half done is nobody's.
    await dropTableSet(target, next);
    await kafka.forgetGroup(groupOfSet(next));
    await createTableSet(target, next);
    await fill(stores, next, print);
    const rebuilt = cassandraOfSet(cassandra, next);
    const { compared, differences } = await compareSets(rebuilt, cassandraOfSet(cassandra, live));
    differences.push(...(await compareListings(rebuilt)));
    for (const one of differences) print(one);
    if (differences.length > 0) throw new Error('the rebuilt tables differ: nothing was switched');
    await putLiveSet(cassandra, next);
    print(`set ${next} is live: ${compared} products, equal by hash`);
    await Bun.sleep(GRACE_MS);
    await dropTableSet(target, live);
    print(`set ${live} is dropped; ${((Date.now() - startedAt) / 1000).toFixed(1)} s in all`);
  });

/** Compares the live set with Postgres; answers how many differences there are. */
export const checkSearch = (instance: Instance, print: Print): Promise<number> =>
  withStores(instance, async ({ cassandra, telemetry }) => {
    const pg = connectPostgres({ url: postgresUrl(instance, 'products'), telemetry });
    try {
      const live = cassandraOfSet(cassandra, await findLiveSet(cassandra));
      const { compared, differences } = await compareWithPostgres(pg, live);
      for (const one of differences) print(one);
      print(`${compared} products compared, ${differences.length} differences`);
      return differences.length;
    } finally {
      await pg.close();
    }
  });
