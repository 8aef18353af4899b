// The progress of the read model: the time up to which it has everything committed.
import type { Cassandra } from './client.ts';
import { liveTables } from './table-sets.ts';

const NAME = 'projector';

/** `asOfMs` in milliseconds since 1970; only moves forward. */
export const putProgress = (cassandra: Cassandra, asOfMs: number): Promise<void> =>
  cassandra.batch(
    'progress.put',
    [
      {
        query: 'insert into projection_progress (name, as_of) values (?, ?)',
        params: [NAME, new Date(asOfMs)],
      },
    ],
    asOfMs * 1_000,
  );

export const findProgress = async (cassandra: Cassandra): Promise<Date | undefined> => {
  const query = 'select as_of from projection_progress where name = ?';
  const [row] = await cassandra.run('progress.find', query, [NAME]);
  return row && (row['as_of'] as Date);
};

/**
 * Returns a function that reads the read model's age in ms; 0 until a progress has been recorded.
 */
export const ageOfSearch = (cassandra: Cassandra): (() => Promise<number>) => {
  const tables = liveTables(cassandra);
  return async () => {
    const asOf = await findProgress(await tables());
    return asOf ? Date.now() - asOf.getTime() : 0;
  };
};
