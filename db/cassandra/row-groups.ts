// Gathers rows that are written at the same time and writes those of one partition together.
import type { Cassandra, Statement } from './client.ts';

/** How long a row waits for others: less than a round trip under load. */
const GATHER_MS = 2;
/** Cassandra refuses batches of 640 KiB, and warns of them from 5 KiB on several partitions. */
const ROWS_MAX = 32;
const BYTES_MAX = 128 * 1024;

/** A write of one row, with its own timestamp, and the partition that the row is in. */
export interface RowWrite {
  partition: string;
  statement: Statement;
}

export interface RowGroups {
  /** Returns when every one of the rows is written; fails when one may not be. */
  put(rows: RowWrite[]): Promise<void>;
}

interface Group {
  statements: Statement[];
  bytes: number;
  written: PromiseWithResolvers<void>;
}

const sizeOf = ({ params }: Statement): number =>
  params.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 8), 0);

/**
 * One mutation of a partition costs little more than one row of it: measured with the listings'
 * indexes, a third of a logged batch a product (docs/benchmarks.md).
 */
export const createRowGroups = (cassandra: Pick<Cassandra, 'group'>): RowGroups => {
  const gathering = new Map<string, Group>();
  const flush = (partition: string, group: Group): void => {
    if (gathering.get(partition) === group) gathering.delete(partition);
    const { resolve, reject } = group.written;
    cassandra.group('rows.put', group.statements).then(resolve, reject);
  };
  const newGroup = (partition: string): Group => {
    const group: Group = { statements: [], bytes: 0, written: Promise.withResolvers() };
    gathering.set(partition, group);
    setTimeout(() => {
      if (gathering.get(partition) === group) flush(partition, group);
    }, GATHER_MS);
    return group;
  };
  const add = ({ partition, statement }: RowWrite): Promise<void> => {
    const bytes = sizeOf(statement);
    const open = gathering.get(partition);
    const isFull = open && (open.statements.length >= ROWS_MAX || open.bytes + bytes > BYTES_MAX);
    if (isFull) flush(partition, open);
    const group = open && !isFull ? open : newGroup(partition);
    group.statements.push(statement);
    group.bytes += bytes;
    return group.written.promise;
  };
  return {
    put: async (rows) => {
      await Promise.all(rows.map(add));
    },
  };
};
