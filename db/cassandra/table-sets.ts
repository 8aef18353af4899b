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
/** How long a process may go on with a set that is no longer the live one. */
export const LIVE_SET_TTL_MS = 1_000;

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

const FIND = "select live from table_sets where name = 'search'";

/** The number of the live set; the first one when nothing has been rebuilt yet. */
export const findLiveSet = async (cassandra: Cassandra): Promise<number> => {
  const [row] = await cassandra.run('sets.live', FIND, []);
  return Number(row?.['live'] ?? 1);
};

/** From now on readers and projectors use this set; takes effect within a second. */
export const putLiveSet = (cassandra: Cassandra, set: number): Promise<unknown> =>
  cassandra.run('sets.switch', "insert into table_sets (name, live) values ('search', ?)", [set]);

/** The client of the live set, looked up at most once a second; while that fails, of the last. */
export const liveCassandra = (cassandra: Cassandra): (() => Promise<Cassandra>) => {
  let live = { set: 1, client: cassandra, until: 0 };
  let looking: Promise<Cassandra> | undefined;
  const look = async (): Promise<Cassandra> => {
    const set = await findLiveSet(cassandra).catch(() => live.set);
    const client = set === live.set ? live.client : cassandraOfSet(cassandra, set);
    live = { set, client, until: Date.now() + LIVE_SET_TTL_MS };
    looking = undefined;
    return client;
  };
  return async () => (live.until > Date.now() ? live.client : (looking ??= look()));
};
