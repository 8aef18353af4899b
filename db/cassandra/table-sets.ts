// Table sets of the read model: a rebuild fills a new set beside the live one, then switches to it.
import type { Cassandra, Statement } from './client.ts';
import { LISTING_BUCKETS } from './schema.ts';

/** The tables that a rebuild recreates; names of the first set have no number. */
export const TABLES = [
  'listings',
  'products_by_id',
  'products_by_slug',
  'collections_by_store',
  'terms',
  'spellings',
  'projection_progress',
] as const;
/**
 * The version of the rules for a listing's tokens, facets and keys; raised when they change, so
 * that an upgrade rebuilds the tables. Tables of earlier versions stay readable until then.
 */
export const LISTING_RULES = 2;
/** How long a process uses a cached live set. */
export const LIVE_SET_TTL_MS = 1_000;
/**
 * Delay between projectors and readers switching to a new set. By then no projector writes the old
 * one, so that no reader sees a product go back (clocks may differ by a second).
 */
export const READERS_LATER_MS = 5_000;

const NAMES = new RegExp(`\\b(${TABLES.join('|')})(_\\w+_idx)?\\b`, 'g');

export const suffixOf = (set: number): string => (set === 1 ? '' : `_${set}`);

/** Rewrites a statement about the first set's tables and indexes for another set. */
export const statementFor = (set: number, statement: string): string =>
  set === 1 ? statement : statement.replace(NAMES, (name) => `${name}${suffixOf(set)}`);

/** A client bound to one table set. */
export interface TableSet extends Cassandra {
  set: number;
  /** The number of partitions of each order of a scope, numbered from 0. */
  buckets: number;
}

const speakingOf = (cassandra: Cassandra, set: number, buckets: number): TableSet => {
  const known = new Map<string, string>();
  const own = (query: string): string => {
    const found = known.get(query) ?? statementFor(set, query);
    known.set(query, found);
    return found;
  };
  const ours = (statements: Statement[]): Statement[] =>
    statements.map(({ query, params }) => ({ query: own(query), params }));
  return {
    ...cassandra,
    set,
    buckets,
    run: (name, query, params) => cassandra.run(name, own(query), params),
    batch: (name, statements, timestampUs) => cassandra.batch(name, ours(statements), timestampUs),
    group: (name, statements) => cassandra.group(name, ours(statements)),
  };
};

/** Runs one call per bucket of a set, concurrently. */
export const eachBucket = <T>(
  { buckets }: TableSet,
  work: (bucket: number) => Promise<T>,
): Promise<T[]> => Promise.all(Array.from({ length: buckets }, (_, bucket) => work(bucket)));

/** The consumer group that writes a set, with one writer per product. */
export const groupOfSet = (set: number): string => `projector${suffixOf(set)}`;

const FIND = `select live, previous, readers_from, buckets, written_by
  from table_sets where name = 'search'`;

interface Sets {
  live: number;
  /** The set that reads go to: after a switch the previous one for a while. */
  read: number;
  bucketsOf(set: number): number;
  /** Whether the live set was written by the present rules from its beginning. */
  isCurrent: boolean;
}

/** The first set when nothing has been rebuilt yet. */
const findSets = async (cassandra: Cassandra): Promise<Sets> => {
  const [row] = await cassandra.run('sets.live', FIND, []);
  const live = Number(row?.['live'] ?? 1);
  const readersFrom = row?.['readers_from'] as Date | null | undefined;
  const isEarly = (readersFrom?.getTime() ?? 0) > Date.now();
  const buckets = (row?.['buckets'] ?? {}) as Record<number, number>;
  const writtenBy = (row?.['written_by'] ?? {}) as Record<number, number>;
  return {
    live,
    read: isEarly ? Number(row?.['previous'] ?? live) : live,
    bucketsOf: (set) => buckets[set] ?? LISTING_BUCKETS,
    isCurrent: (writtenBy[live] ?? 0) >= LISTING_RULES,
  };
};

/** The number of the set that projectors write. */
export const findLiveSet = async (cassandra: Cassandra): Promise<number> =>
  (await findSets(cassandra)).live;

/** Whether no row of the live set can be of earlier rules. */
export const isListingCurrent = async (cassandra: Cassandra): Promise<boolean> =>
  (await findSets(cassandra)).isCurrent;

/** A client of this set. */
export const tablesOf = async (cassandra: Cassandra, set: number): Promise<TableSet> =>
  speakingOf(cassandra, set, (await findSets(cassandra)).bucketsOf(set));

/** A client of the set that projectors write now. */
export const findLiveTables = async (cassandra: Cassandra): Promise<TableSet> => {
  const { live, bucketsOf } = await findSets(cassandra);
  return speakingOf(cassandra, live, bucketsOf(live));
};

/** Makes a set live: projectors switch to it now, readers a few seconds later. */
export const putLiveSet = async (cassandra: Cassandra, set: number): Promise<void> => {
  const previous = await findLiveSet(cassandra);
  const readersFrom = new Date(Date.now() + READERS_LATER_MS);
  const query = `insert into table_sets (name, live, previous, readers_from)
    values ('search', ?, ?, ?)`;
  await cassandra.run('sets.switch', query, [set, previous, readersFrom]);
};

/** A client of the set to read, refreshed once a second; the last one while the refresh fails. */
export const liveTables = (cassandra: Cassandra): (() => Promise<TableSet>) => {
  let live = { tables: speakingOf(cassandra, 1, LISTING_BUCKETS), until: 0 };
  let refreshing: Promise<TableSet> | undefined;
  const refresh = async (): Promise<TableSet> => {
    const tables = await findSets(cassandra).then(
      ({ read, bucketsOf }) =>
        read === live.tables.set ? live.tables : speakingOf(cassandra, read, bucketsOf(read)),
      () => live.tables,
    );
    live = { tables, until: Date.now() + LIVE_SET_TTL_MS };
    refreshing = undefined;
    return tables;
  };
  return async () => (live.until > Date.now() ? live.tables : (refreshing ??= refresh()));
};
