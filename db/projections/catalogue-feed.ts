// Feeds the catalogue's topics into a table set: one consumer group per set, one writer per
// product.
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Cassandra } from '../cassandra/client.ts';
import { findLiveSet, groupOfSet, LIVE_SET_TTL_MS, tablesOf } from '../cassandra/table-sets.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { coPartition } from '../kafka/co-partition.ts';
import { PROGRESS_TOPIC, TOPICS } from '../kafka/topics.ts';
import { applyCatalogue, readSideOf } from './apply.ts';
import { followProgress } from './progress.ts';
import { projectBatch } from './projector.ts';

const FETCH_WAIT_MS = 250;
const SESSION_TIMEOUT_MS = 10_000;
/**
 * The next fetch waits for the whole previous one. Small fetches let stock events overtake a
 * backlog of products, so that a product that follows its stock is written once.
 */
const FETCH_BYTES = 64 * 1024;

export const CATALOGUE_TOPICS = [TOPICS.products, TOPICS.stock, TOPICS.collections];

/** The settings of every consumer here. */
export const CONSUMER = {
  maxWaitTimeInMs: FETCH_WAIT_MS,
  maxBytesPerPartition: FETCH_BYTES,
  sessionTimeout: SESSION_TIMEOUT_MS,
  retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: 2_000 },
};

export interface FeedDeps {
  kafka: KafkaClient;
  cassandra: Cassandra;
  telemetry: Telemetry;
}

export interface Feed {
  stop(): Promise<void>;
}

/** Continues at the offsets of the set's group; a new group starts at the beginning. */
export const feedSet = async (deps: FeedDeps, set: number): Promise<Feed> => {
  const { kafka, telemetry } = deps;
  const tables = await tablesOf(deps.cassandra, set);
  const groupId = groupOfSet(set);
  const freshApply = () => applyCatalogue(readSideOf(tables));
  const project = projectBatch({ kafka, telemetry, freshApply });
  const follow = followProgress({
    cassandra: tables,
    telemetry,
    reach: () => kafka.reachOf(groupId, CATALOGUE_TOPICS),
  });
  return kafka.consume(
    { ...CONSUMER, groupId, partitionAssigners: [coPartition] },
    [...CATALOGUE_TOPICS, PROGRESS_TOPIC],
    (payload) => (payload.batch.topic === PROGRESS_TOPIC ? follow(payload) : project(payload)),
    (error) => telemetry.log.error('consumer crashed', error),
  );
};

/** Feeds the live set; after a switch it continues with the new one. */
export const feedLive = (deps: FeedDeps): Feed => {
  const { cassandra, telemetry } = deps;
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    let feed: Feed | undefined;
    let fed = 0;
    while (!stopping.signal.aborted) {
      try {
        const live = await findLiveSet(cassandra);
        if (live !== fed) {
          await feed?.stop();
          feed = await feedSet(deps, live);
          fed = live;
        }
      } catch (error) {
        telemetry.log.error('live table set unknown', error);
      }
      await Bun.sleep(LIVE_SET_TTL_MS);
    }
    await feed?.stop();
  };
  const done = loop();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };
};
