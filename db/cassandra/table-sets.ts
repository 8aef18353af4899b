// Table sets of the read side: a rebuild fills a fresh one beside the live one, then they switch.
import type { Cassandra } from './client.ts';

/** The tables that a rebuild makes anew; names of the first set have no number. */
export const TABLES = [
  'listings',
  'products_by_id',
  'products_by_slug',
  'collections_by_store',
  'terms',
  'spellings',
  'projection_progress',
] as const;
/** How long a process may go on without looking which set is the live one. */
export const LIVE_SET_TTL_MS = 1_000;
/**
 * Projectors change to a new set at once, readers so much later: by then nobody writes the old one
 * any more, so that no reader sees a product go back (clocks may differ by a second).
 */
export const READERS_LATER_MS = 5_000;

const NAMES = new RegExp(`\\b(${TABLES.join('|')})(_\\w+_idx)?\\b`, 'g');

export const suffixOf = (set: number): string => (set === 1 ? '' : `_${set}`);

/** A statement about this set's tables (and their indexes) instead of the first one's. */
export const statementFor = (set: number, statement: string): string =>
  set === 1 ? statement : statement.replace(NAMES, (name) => `${name}${suffixOf(set)}`);

/** The same client, speaking of one set. */
export const cassandraOfSet = (cassandra: Cassandra, set: number): Cassandra => {
  const known = new Map<string, string>();
  const own = (query: string): string => {
    const found = known.get(query) ?? statementFor(set, query);
    known.set(query, found);
    return found;
  };
  return {
    ...cassandra,
    run: (name, query, params) => cassandra.run(name, own(query), params),
    batch: (name, statements, timestampUs) =>
      cassandra.batch(
        name,
        statements.map(({ query, params }) => ({ query: own(query), params })),
        timestampUs,
      ),
  };
};

/** The group that writes a set: one writer a product in each set. */
export const groupOfSet = (set: number): string => `projector${suffixOf(set)}`;

const FIND = "select live, previous, readers_from from table_sets where name = 'search'";

interface LiveSet {
  live: number;
  /** The set that questions go to: for a while after a switch still the one before. */
  read: number;
}

/** The first set when nothing has been rebuilt yet. */
const findSets = async (cassandra: Cassandra): Promise<LiveSet> => {
  const [row] = await cassandra.run('sets.live', FIND, []);
  const live = Number(row?.['live'] ?? 1);
  const readersFrom = row?.['readers_from'] as Date | null | undefined;
  const isEarly = (readersFrom?.getTime() ?? 0) > Date.now();
  return { live, read: isEarly ? Number(row?.['previous'] ?? live) : live };
};

/** The number of the set that is written. */
export const findLiveSet = async (cassandra: Cassandra): Promise<number> =>
  (await findSets(cassandra)).live;

/** From now on projectors write this set, and soon readers use it. */
export const putLiveSet = async (cassandra: Cassandra, set: number): Promise<void> => {
  const previous = await findLiveSet(cassandra);
  const readersFrom = new Date(Date.now() + READERS_LATER_MS);
  const query = `insert into table_sets (name, live, previous, readers_from)
    values ('search', ?, ?, ?)`;
  await cassandra.run('sets.switch', query, [set, previous, readersFrom]);
};

/** The client of the set that is read, looked up once a second; while that fails, of the last. */
export const liveCassandra = (cassandra: Cassandra): (() => Promise<Cassandra>) => {
  let live = { set: 1, client: cassandra, until: 0 };
  let looking: Promise<Cassandra> | undefined;
  const look = async (): Promise<Cassandra> => {
    const set = await findSets(cassandra).then(
      ({ read }) => read,
      () => live.set,
    );
    const client = set === live.set ? live.client : cassandraOfSet(cassandra, set);
    live = { set, client, until: Date.now() + LIVE_SET_TTL_MS };
    looking = undefined;
    return client;
  };
  return async () => (live.until > Date.now() ? live.client : (looking ??= look()));
};
