// How far the read side is: until which moment everything committed is known to be in it.
import type { Cassandra } from './client.ts';
import { liveTables } from './table-sets.ts';

const NAME = 'projector';

/** `asOfMs` in milliseconds since 1970; only ever goes forward. */
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

/** Asks how many ms the read side is behind; 0 as long as nobody has told. */
export const ageOfSearch = (cassandra: Cassandra): (() => Promise<number>) => {
  const tables = liveTables(cassandra);
  return async () => {
    const asOf = await findProgress(await tables());
    return asOf ? Date.now() - asOf.getTime() : 0;
  };
};
