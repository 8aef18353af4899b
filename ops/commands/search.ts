// The commands for the search read model: rebuild it into new tables, and compare it.
import { connectCassandra, type Cassandra } from '../../db/cassandra/client.ts';
import {
  createIndexes,
  createTableSet,
  dropTableSet,
  type Target,
} from '../../db/cassandra/migrate.ts';
import {
  findLiveTables,
  groupOfSet,
  isListingCurrent,
  LIVE_SET_TTL_MS,
  putLiveSet,
  READERS_LATER_MS,
  tablesOf,
  type TableSet,
} from '../../db/cassandra/table-sets.ts';
import { connectKafka, type KafkaClient } from '../../db/kafka/client.ts';
import { endsIn, leftUpTo } from '../../db/kafka/reach.ts';
import { CATALOGUE_TOPICS, feedSet } from '../../db/projections/catalogue-feed.ts';
import { compareListings, compareSets, compareWithPostgres } from '../../db/projections/compare.ts';
import { findGone, republishMissing } from '../../db/projections/republish.ts';
import { CATALOGUE_OUTBOXES } from '../../db/kafka/relay.ts';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import { readOutboxState } from '../../db/postgres/outbox.ts';
import { createTelemetry, type Telemetry } from '../../telemetry/telemetry.ts';
import type { Instance } from '../instance.ts';
import { postgresUrl } from '../servers/postgres.ts';

const DATACENTER = 'datacenter1';
const KEYSPACE = 'holdfast';
const POLL_MS = 500;
/**
 * How long the old tables may still be used: readers and projectors poll the live set once a
 * second.
 */
const GRACE_MS = READERS_LATER_MS + 5 * LIVE_SET_TTL_MS;
/** Rounds of publishing missing events before giving up, because something keeps removing them. */
const ROUNDS_MAX = 10;

type Print = (line: string) => void;

interface Stores {
  cassandra: Cassandra;
  kafka: KafkaClient;
  telemetry: Telemetry;
  pg: Pg;
}

const withStores = async <T>(instance: Instance, work: (stores: Stores) => Promise<T>) => {
  const telemetry = createTelemetry('holdfast', 'error');
  const contactPoint = `127.0.0.1:${instance.port('cassandra')}`;
  const cassandra = connectCassandra({
    contactPoint,
    telemetry,
    datacenter: DATACENTER,
    keyspace: KEYSPACE,
  });
  const kafka = connectKafka([`127.0.0.1:${instance.port('kafka')}`], 'holdfast', telemetry);
  // The superuser's role, because a service's role sees one store at a time.
  const pg = connectPostgres({ url: postgresUrl(instance, 'holdfast'), telemetry });
  try {
    return await work({ cassandra, kafka, telemetry, pg });
  } finally {
    await Promise.all([kafka.close(), cassandra.close(), pg.close()]);
  }
};

/** Waits until the set's group has read up to the end offsets at the start. */
const caughtUp = async ({ kafka }: Stores, set: number, print: Print): Promise<void> => {
  const groupId = groupOfSet(set);
  const ends = endsIn(await kafka.reachOf(groupId, CATALOGUE_TOPICS));
  for (;;) {
    const left = leftUpTo(ends, await kafka.reachOf(groupId, CATALOGUE_TOPICS));
    print(`set ${set}: ${left} messages behind`);
    if (left === 0) return;
    await Bun.sleep(POLL_MS);
  }
};

/** Waits until everything committed before the start has been sent. */
const allSent = async ({ pg }: Stores, print: Print): Promise<void> => {
  const startedAtMs = Date.now();
  for (;;) {
    const states = await Promise.all(
      CATALOGUE_OUTBOXES.map((schema) => readOutboxState(pg, schema)),
    );
    const behindMs = startedAtMs - Math.min(...states.map(({ sentBeforeMs }) => sentBeforeMs));
    if (behindMs <= 0) return;
    print(`relays are ${(behindMs / 1_000).toFixed(1)} s behind`);
    await Bun.sleep(POLL_MS);
  }
};

interface Rebuild extends Stores {
  target: Target;
  live: TableSet;
  next: TableSet;
}

/** Waits until everything sent is read, then publishes what Postgres has and the topics lack. */
const complete = async (rebuild: Rebuild, print: Print): Promise<void> => {
  const { pg, next } = rebuild;
  const sides = { pg, cassandra: next };
  const beforeUs = Date.now() * 1_000;
  const readAll = async (): Promise<void> => {
    await allSent(rebuild, print);
    await caughtUp(rebuild, next.set, print);
  };
  await readAll();
  const gone = await findGone(pg, sides.cassandra);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await readAll();
    const count = await republishMissing({ ...sides, beforeUs }, gone);
    if (count === 0) return;
    print(`${count} events missing from the topics: published again`);
  }
  throw new Error('the rebuilt tables lack rows of Postgres: not switched');
};

/** Throws when the set differs from the live one, or from its own listings. */
const assertEqual = async ({ live, next }: Rebuild, print: Print) => {
  const { compared, differences } = await compareSets(next, live);
  differences.push(...(await compareListings(next)));
  for (const one of differences) print(one);
  if (differences.length > 0) throw new Error('the rebuilt tables differ: not switched');
  return compared;
};

/** Fills, indexes and compares the tables and switches to them, while they are being fed. */
const fillAndSwitch = async (rebuild: Rebuild, print: Print): Promise<void> => {
  const { cassandra, target, next } = rebuild;
  const feed = await feedSet(rebuild, next.set);
  try {
    await complete(rebuild, print);
    print(`set ${next.set}: filled, building its indexes`);
    await createIndexes(target, next.set);
    const compared = await assertEqual(rebuild, print);
    await caughtUp(rebuild, next.set, print);
    await putLiveSet(cassandra, next.set);
    print(`set ${next.set} is live: ${compared} products, equal by hash`);
    // Projectors join the group and take over; until then this process feeds the set.
    await Bun.sleep(GRACE_MS);
  } finally {
    await feed.stop();
  }
};

/**
 * Fills a new table set from the compacted topics, which hold every product's last state, and from
 * Postgres where a topic has lost it. Compares it with the live set, switches and drops the old
 * one, under traffic. More buckets bound the partitions of a larger catalogue and add reads per
 * page; the default is the live set's number.
 */
export const rebuildSearch = (instance: Instance, print: Print, buckets?: number): Promise<void> =>
  withStores(instance, async (stores) => {
    const { cassandra, kafka } = stores;
    const contactPoint = `127.0.0.1:${instance.port('cassandra')}`;
    const target = { contactPoint, datacenter: DATACENTER, keyspace: KEYSPACE };
    const startedAt = Date.now();
    const live = await findLiveTables(cassandra);
    const set = live.set + 1;
    // Removes what an aborted rebuild has left.
    await dropTableSet(target, set);
    await kafka.forgetGroup(groupOfSet(set));
    await createTableSet(target, set, buckets ?? live.buckets);
    const next = await tablesOf(cassandra, set);
    await fillAndSwitch({ ...stores, target, live, next }, print);
    await dropTableSet(target, live.set);
    await kafka.forgetGroup(groupOfSet(live.set));
    print(`set ${live.set} dropped; ${((Date.now() - startedAt) / 1000).toFixed(1)} s in all`);
  });

/** Rebuilds tables that an earlier version has written; without such ones it changes nothing. */
export const renewSearch = async (instance: Instance, print: Print): Promise<void> => {
  const isCurrent = await withStores(instance, ({ cassandra }) => isListingCurrent(cassandra));
  if (isCurrent) return;
  print('search tables are of an earlier version: they are rebuilt while the shop runs');
  await rebuildSearch(instance, print);
};

/** Compares the live set with Postgres; returns the number of differences. */
export const checkSearch = (instance: Instance, print: Print): Promise<number> =>
  withStores(instance, async ({ cassandra, pg }) => {
    const live = await findLiveTables(cassandra);
    const { compared, differences } = await compareWithPostgres(pg, live);
    for (const one of differences) print(one);
    print(`${compared} products compared, ${differences.length} differences`);
    return differences.length;
  });
