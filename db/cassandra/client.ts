// The Cassandra client: prepared statements with a timeout, each call named and timed.
import { Client, policies, types } from 'cassandra-driver';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const READ_TIMEOUT_MS = 4_000;
/**
 * Fixed reconnect delay: the driver's own backoff grows to ten minutes and delays recovery as long.
 */
const RECONNECT_EVERY_MS = 1_000;

export type Row = types.Row;
export interface Statement {
  query: string;
  params: unknown[];
}

export interface Cassandra {
  /** Runs one prepared statement at quorum. Throws UNAVAILABLE on any failure. */
  run(name: string, query: string, params: unknown[]): Promise<Row[]>;
  /** Streams every row of a query, page by page; for maintenance, never in a request. */
  scan(name: string, query: string): AsyncIterable<Row>;
  /**
   * Runs all statements as one logged batch under one write timestamp: all are applied eventually.
   */
  batch(name: string, statements: Statement[], timestampUs: number): Promise<void>;
  /**
   * Runs statements about one partition as one mutation: all are applied or none. Each has a write
   * timestamp of its own (`using timestamp`).
   */
  group(name: string, statements: Statement[]): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  contactPoint: string;
  datacenter: string;
  keyspace: string;
  telemetry: Telemetry;
}

export const connectCassandra = (options: Options): Cassandra => {
  const client = new Client({
    contactPoints: [options.contactPoint],
    localDataCenter: options.datacenter,
    keyspace: options.keyspace,
    socketOptions: { connectTimeout: CONNECT_TIMEOUT_MS, readTimeout: READ_TIMEOUT_MS },
    policies: {
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(RECONNECT_EVERY_MS),
    },
    queryOptions: { consistency: types.consistencies.localQuorum, prepare: true },
    encoding: { useBigIntAsLong: true },
  });
  const named = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    options.telemetry.timed('cql', name, work).catch((cause: unknown) => {
      throw new DomainError('UNAVAILABLE', 'the catalogue index is unavailable', { cause });
    });
  return {
    run: (name, query, params) =>
      named(name, async () => (await client.execute(query, params, { prepare: true })).rows),
    // The driver types its object stream as an event emitter.
    scan: (_name, query) =>
      client.stream(query, [], { prepare: true, autoPage: true }) as unknown as AsyncIterable<Row>,
    batch: (name, statements, timestampUs) =>
      named(name, async () => {
        const timestamp = types.Long.fromNumber(timestampUs);
        await client.batch(statements, { prepare: true, logged: true, timestamp });
      }),
    group: (name, statements) =>
      named(name, async () => {
        const [first, ...more] = statements;
        // One row alone may be larger than a batch.
        if (first && more.length === 0) {
          await client.execute(first.query, first.params, { prepare: true });
        } else await client.batch(statements, { prepare: true, logged: false });
      }),
    close: () => client.shutdown(),
  };
};
