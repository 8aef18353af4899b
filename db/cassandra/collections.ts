// Collections in the read model: written under their events' clocks, and listed.
import type { CollectionChanged } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { Cassandra } from './client.ts';

/** Writes under the event's clock, so that an older event that arrives late changes nothing. */
export const putCollection = (cassandra: Cassandra, event: CollectionChanged): Promise<void> =>
  cassandra.batch(
    'collections.put',
    [
      {
        query: `insert into collections_by_store
          (store_id, collection_id, clock, name, description, deleted) values (?, ?, ?, ?, ?, ?)`,
        params: [
          event.storeId,
          event.collectionId,
          event.clockUs,
          event.name,
          event.description,
          event.deleted,
        ],
      },
    ],
    Number(event.clockUs),
  );

/** The clock of the last known event of a collection in microseconds since 1970; 0 without one. */
export const findCollectionClock = async (
  cassandra: Cassandra,
  storeId: string,
  collectionId: string,
): Promise<number> => {
  const query = 'select clock from collections_by_store where store_id = ? and collection_id = ?';
  const [row] = await cassandra.run('collections.clock', query, [storeId, collectionId]);
  return Number(row?.['clock'] ?? 0);
};

export interface ListedCollection {
  id: string;
  name: string;
  description: string;
}

export const listCollections = async (
  cassandra: Cassandra,
  storeId: string,
): Promise<ListedCollection[]> => {
  const query = `select collection_id, name, description, deleted from collections_by_store
    where store_id = ? limit 1000`;
  const rows = await cassandra.run('collections.list', query, [storeId]);
  return rows
    .filter((row) => !row['deleted'])
    .map((row) => ({
      id: String(row['collection_id']),
      name: String(row['name']),
      description: String(row['description'] ?? ''),
    }));
};

export interface KnownCollection extends ListedCollection {
  storeId: string;
  clockUs: number;
}

const ALL = `select store_id, collection_id, clock, name, description, deleted
  from collections_by_store`;
/** Ordered by the stores' tokens, then by collection id. */
const ALL_AFTER = [
  `${ALL} where store_id = ? and collection_id > ? limit ?`,
  `${ALL} where token(store_id) > token(?) limit ?`,
] as const;

/** Every collection of every store that is not deleted, page by page. */
export async function* pagesOfCollections(
  cassandra: Cassandra,
  limit: number,
): AsyncGenerator<KnownCollection[]> {
  const read = (query: string, ...where: unknown[]) =>
    cassandra.run('collections.all', query, [...where, limit]);
  let rows = await read(`${ALL} limit ?`);
  for (let last = rows.at(-1); last; last = rows.at(-1)) {
    yield rows
      .filter((row) => !row['deleted'])
      .map((row) => ({
        storeId: String(row['store_id']),
        id: String(row['collection_id']),
        name: String(row['name']),
        description: String(row['description'] ?? ''),
        clockUs: Number(row['clock']),
      }));
    rows = await read(ALL_AFTER[0], last['store_id'], last['collection_id']);
    if (rows.length === 0) rows = await read(ALL_AFTER[1], last['store_id']);
  }
}
