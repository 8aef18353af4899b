// The Postgres client: one pool a process, a limit on every wait, every query named and timed.
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { DomainError } from '../../domain/errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const CONNECT_TIMEOUT_SECONDS = 1;
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 4_000;
const IDLE_TRANSACTION_TIMEOUT_MS = 15_000;
const IDLE_SECONDS = 60;
const DEFAULT_CONNECTIONS_MAX = 10;

export type Db = PostgresJsDatabase;
/** A transaction has the same methods as the database itself. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

export interface Pg {
  /** Runs one statement (or a few that need no transaction) under a name. */
  query<T>(name: string, work: (db: Db) => Promise<T>): Promise<T>;
  /** Runs `work` in one transaction under a name; throwing rolls back. */
  transaction<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs `onNotify` for each NOTIFY on a channel, and once after each (re)connection. */
  listen(channel: string, onNotify: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const CONNECTION_FAULT = /^(?:08|53|57P0|57014)|CONNECT|ECONN|CONNECTION_|EPIPE|ETIMEDOUT|^55P03$/;

/** Drizzle hides the driver's error under `cause`. */
const sqlStateOf = (error: unknown): string => {
  const source = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return source instanceof Error && 'code' in source ? (source.code as string) : '';
};

/** Name of the violated constraint, when `error` is a unique or check violation. */
export const violatedConstraint = (error: unknown): string | undefined => {
  if (!['23505', '23514'].includes(sqlStateOf(error))) return undefined;
  const source = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return (source as { constraint_name?: string }).constraint_name ?? '';
};

/** A lost or refused connection is UNAVAILABLE; what was in flight has an unknown outcome. */
const faultOf = (error: unknown): unknown =>
  !(error instanceof DomainError) && CONNECTION_FAULT.test(sqlStateOf(error))
    ? new DomainError('UNAVAILABLE', 'the database is away', { cause: error })
    : error;

export interface PgOptions {
  url: string;
  telemetry: Telemetry;
  connectionsMax?: number;
}

export const connectPostgres = ({ url, telemetry, connectionsMax }: PgOptions): Pg => {
  const client = postgres(url, {
    max: connectionsMax ?? DEFAULT_CONNECTIONS_MAX,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    idle_timeout: IDLE_SECONDS,
    connection: {
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    },
    onnotice: () => undefined,
  });
  const db = drizzle(client);
  const named = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    telemetry.timed('sql', name, work).catch((error: unknown) => {
      throw faultOf(error);
    });
  return {
    query: (name, work) => named(name, () => work(db)),
    transaction: (name, work) => named(name, () => db.transaction(work)),
    listen: async (channel, onNotify) => {
      const { unlisten } = await client.listen(channel, onNotify, onNotify);
      return unlisten;
    },
    close: () => client.end({ timeout: 5 }),
  };
};
