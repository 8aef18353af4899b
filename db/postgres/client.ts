// The Postgres client: one pool per process, with timeouts; every query is named and timed.
import { sql, type SQL } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { withDeadline } from '../../concurrency/deadline.ts';
import { createLimiter } from '../../concurrency/limiter.ts';
import { DomainError } from '../../domain/errors.ts';
import type { StoreId } from '../../domain/ids.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const CONNECT_TIMEOUT_SECONDS = 3;
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 4_000;
const IDLE_TRANSACTION_TIMEOUT_MS = 15_000;
const IDLE_SECONDS = 60;
const DEFAULT_CONNECTIONS_MAX = 10;
/** The share of a process' connections reserved for transactions. */
const TRANSACTIONS_SHARE = 0.6;
/** Limit of one call, also when a server accepts the connection and never responds. */
const ANSWER_LIMIT_MS = 5_000;
/** Calls waiting or timed out but still running; the next call is refused. */
const WAITING_MAX = 1_000;

export type Db = PostgresJsDatabase;
/** A transaction has the same methods as the database itself. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

export interface Pg {
  /** Runs one statement (or a few that need no transaction) under a name. */
  query<T>(name: string, work: (db: Db) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in one named transaction; throwing rolls back. `limitMs` overrides the timeout for
   * a transaction that waits for others.
   */
  transaction<T>(name: string, work: (tx: Tx) => Promise<T>, limitMs?: number): Promise<T>;
  /** The same as one store: row-level security hides other stores' rows. */
  as(storeId: StoreId): Pick<Pg, 'query' | 'transaction'>;
  /**
   * Runs `onNotify` with the payload of each NOTIFY on a channel, and without one after each
   * (re)connection: until then some may have been missed.
   */
  listen(channel: string, onNotify: (payload?: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const CONNECTION_FAULT = /^(?:08|53|57P0|57014)|CONNECT|ECONN|CONNECTION_|EPIPE|ETIMEDOUT|^55P03$/;

/** The database's time that many milliseconds ago. */
export const msAgo = (ms: number) => sql`now() - make_interval(secs => ${ms / 1000})`;

/** Drizzle wraps the driver's error in `cause`. */
export const sqlStateOf = (error: unknown): string => {
  const source = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return source instanceof Error && 'code' in source ? (source.code as string) : '';
};

/** Name of the violated constraint, when `error` is a unique or check violation. */
export const violatedConstraint = (error: unknown): string | undefined => {
  if (!['23505', '23514'].includes(sqlStateOf(error))) return undefined;
  const source = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return (source as { constraint_name?: string }).constraint_name ?? '';
};

/** A lost or refused connection is UNAVAILABLE; the outcome of a call in flight is unknown. */
const faultOf = (error: unknown): unknown =>
  !(error instanceof DomainError) && CONNECTION_FAULT.test(sqlStateOf(error))
    ? new DomainError('UNAVAILABLE', 'the database is unavailable', { cause: error })
    : error;

export interface PgOptions {
  url: string;
  telemetry: Telemetry;
  connectionsMax?: number;
}

const timedOut = (): DomainError =>
  new DomainError('UNAVAILABLE', 'the database timed out', { retryAfterSeconds: 2 });

const createAdmission = (runningMax: number) =>
  createLimiter({ runningMax, waitingMax: WAITING_MAX - runningMax, onFull: timedOut });

interface Inner {
  session: {
    prepareQuery(
      query: unknown,
      fields: undefined,
      name: string,
      isArray: false,
    ): { execute(): Promise<unknown> };
  };
  dialect: { sqlToQuery(statement: SQL): unknown };
}

/**
 * Runs a statement with constant text, prepared once per connection: one round trip. Drizzle
 * prepares only its builders; this is the method they call underneath.
 */
export const prepared = async <R extends Record<string, unknown>>(
  db: Db | Tx,
  statement: SQL,
): Promise<R[]> => {
  const { session, dialect } = db as unknown as Inner;
  const query = dialect.sqlToQuery(statement);
  return (await session.prepareQuery(query, undefined, 'prepared', false).execute()) as R[];
};

/** Sets the store for the rest of the transaction only, because connections are shared. */
const becomeStore = (tx: Tx, storeId: StoreId) =>
  prepared(tx, sql`select set_config('holdfast.store', ${storeId}, true)`);

const open = (url: string, max: number) =>
  postgres(url, {
    max,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    idle_timeout: IDLE_SECONDS,
    connection: {
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    },
    onnotice: () => undefined,
  });

/**
 * Transactions have connections of their own. The driver pipelines single statements on shared
 * connections; a BEGIN behind others could put foreign statements into the transaction
 * (postgres.js, UNSAFE_TRANSACTION). The driver is patched (patches/): statements of a transaction
 * whose connection was lost are refused. Unpatched they run after the reconnect outside it, or end
 * the process.
 */
export const connectPostgres = ({ url, telemetry, connectionsMax }: PgOptions): Pg => {
  const max = connectionsMax ?? DEFAULT_CONNECTIONS_MAX;
  const transactionsMax = Math.ceil(max * TRANSACTIONS_SHARE);
  const client = open(url, Math.max(1, max - transactionsMax));
  const own = open(url, transactionsMax);
  const ownDb = drizzle(own);
  const transactions = createAdmission(transactionsMax);
  const begin: Db['transaction'] = (work, config) =>
    transactions.run(() => ownDb.transaction(work, config));
  /** Also for a library that begins its own transactions, such as better-auth. */
  const db = Object.assign(drizzle(client), { transaction: begin });
  const named = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    telemetry.timed('sql', name, work).catch((error: unknown) => {
      throw faultOf(error);
    });
  const queries = createAdmission(WAITING_MAX);
  const transaction: Pg['transaction'] = (name, work, limitMs = ANSWER_LIMIT_MS) =>
    named(name, () => {
      const workInTime = async (tx: Tx, signal: AbortSignal) => {
        signal.throwIfAborted();
        const result = await work(tx);
        // A late transaction must not commit: its caller has been answered.
        signal.throwIfAborted();
        return result;
      };
      const run = (signal: AbortSignal) =>
        transactions.run(() => ownDb.transaction((tx) => workInTime(tx, signal)), { signal });
      return withDeadline(run, limitMs, timedOut);
    });
  return {
    query: (name, work) =>
      named(name, () => withDeadline(() => queries.run(() => work(db)), ANSWER_LIMIT_MS, timedOut)),
    transaction,
    as: (storeId) => {
      const asStore: Pg['transaction'] = (name, work, limitMs) =>
        transaction(name, async (tx) => (await becomeStore(tx, storeId), work(tx)), limitMs);
      return { query: (name, work) => asStore(name, work), transaction: asStore };
    },
    listen: async (channel, onNotify) => {
      const { unlisten } = await client.listen(channel, onNotify, () => onNotify());
      return unlisten;
    },
    close: async () => {
      await Promise.all([client, own].map((one) => one.end({ timeout: 5 })));
    },
  };
};
