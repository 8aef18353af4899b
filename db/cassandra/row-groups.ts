// Gathers rows while others are being written, and writes those of one partition together.
import type { Cassandra, Statement } from './client.ts';

/** Groups under way at once: while they are, rows gather, so that groups grow with the load. */
const GROUPS_AT_ONCE_MAX = 8;
/** Cassandra refuses batches of 640 KiB. */
const ROWS_MAX = 64;
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
  partition: string;
  statements: Statement[];
  bytes: number;
  written: PromiseWithResolvers<void>;
}

const sizeOf = ({ params }: Statement): number =>
  params.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 8), 0);

/**
 * One mutation of a partition costs little more than one row of it: measured with the listings'
 * indexes, half of a logged batch a product (docs/benchmarks.md).
 */
export const createRowGroups = (cassandra: Pick<Cassandra, 'group'>): RowGroups => {
  /** In the order in which they were begun. */
  const waiting: Group[] = [];
  /** The group of each partition that takes rows. */
  const open = new Map<string, Group>();
  let underWay = 0;
  const next = (): void => {
    if (underWay >= GROUPS_AT_ONCE_MAX) return;
    const group = waiting.shift();
    if (!group) return;
    if (open.get(group.partition) === group) open.delete(group.partition);
    underWay++;
    const { resolve, reject } = group.written;
    void cassandra
      .group('rows.put', group.statements)
      .then(resolve, reject)
      .finally(() => {
        underWay--;
        next();
      });
    next();
  };
  const begin = (partition: string): Group => {
    const group = { partition, statements: [], bytes: 0, written: Promise.withResolvers<void>() };
    open.set(partition, group);
    waiting.push(group);
    return group;
  };
  const add = ({ partition, statement }: RowWrite): Promise<void> => {
    const bytes = sizeOf(statement);
    const last = open.get(partition);
    const hasRoom = last && last.statements.length < ROWS_MAX && last.bytes + bytes <= BYTES_MAX;
    const group = hasRoom ? last : begin(partition);
    group.statements.push(statement);
    group.bytes += bytes;
    return group.written.promise;
  };
  return {
    put: async (rows) => {
      const written = rows.map(add);
      next();
      await Promise.all(written);
    },
  };
};
