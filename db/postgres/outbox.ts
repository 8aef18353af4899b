// The outbox: events commit with their change, and the relay deletes them once they are sent.
import { sql } from 'drizzle-orm';
import type { Pg, Tx } from './client.ts';
import type { OutboxTable } from './schema/outbox.ts';
import { traceHeaders } from '../../telemetry/spans.ts';

/** Keys are hashed into this many buckets; one relay at a time drains a bucket. */
export const OUTBOX_BUCKETS = 16;
const BATCH_MAX = 500;
/** Bytes of one send, unless a single row is larger; a topic accepts four times as many. */
const BATCH_BYTES_MAX = 1024 * 1024;
/** Kafka may take 10 s to acknowledge a batch. */
const DRAIN_LIMIT_MS = 20_000;

export interface OutboxEvent {
  topic: string;
  /** `<storeId>/<id>`: decides the partition, and so the order of events. */
  key: string;
  eventType: string;
  value: Uint8Array;
}

/** FNV-1a, so that a key always has the same bucket. */
const bucketOf = (key: string): number => {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % OUTBOX_BUCKETS;
};

/**
 * Channel that wakes relays; they also poll, so a missed notification only adds delay. The payload
 * of a single event is its topic and key, that of many is empty.
 */
export const OUTBOX_CHANNEL = 'outbox';
const payloadOf = ([first, ...others]: OutboxEvent[]): string =>
  first && others.length === 0 ? `${first.topic} ${first.key}` : '';

/** Writes events in the change's transaction, and notifies the relays at commit. */
export const publish = async (tx: Tx, table: OutboxTable, events: OutboxEvent[]): Promise<void> => {
  if (events.length === 0) return;
  const headers = traceHeaders();
  await tx
    .insert(table)
    .values(events.map((one) => ({ ...one, bucket: bucketOf(one.key), headers })));
  await tx.execute(sql`select pg_notify(${OUTBOX_CHANNEL}, ${payloadOf(events)})`);
};

/** The same for many events, in one statement. */
export const publishMany = async (
  tx: Tx,
  schema: OutboxSchema,
  events: OutboxEvent[],
): Promise<void> => {
  if (events.length === 0) return;
  const rows = events.map((one) => ({
    bucket: bucketOf(one.key),
    topic: one.topic,
    key: one.key,
    event_type: one.eventType,
    value: Buffer.from(one.value).toString('base64'),
  }));
  const headers = JSON.stringify(traceHeaders());
  await tx.execute(sql`
    insert into ${sql.raw(`${schema}.outbox`)} (bucket, topic, key, event_type, value, headers)
    select r.bucket, r.topic, r.key, r.event_type, decode(r.value, 'base64'), ${headers}::jsonb
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r
      (bucket smallint, topic text, key text, event_type text, value text)`);
  await tx.execute(sql`select pg_notify(${OUTBOX_CHANNEL}, '')`);
};

/** The number of unsent rows, counted up to `upTo`. */
export const backlogOf = (pg: Pg, schema: OutboxSchema, upTo: number): Promise<number> =>
  pg.query(`outbox.backlog.${schema}`, async (db) => {
    const [row] = await db.execute<{ rows: number }>(sql`
      select count(*)::int as rows
      from (select 1 from ${sql.raw(`${schema}.outbox`)} limit ${upTo}) as counted`);
    return row?.rows ?? 0;
  });

/** Schemas that have an outbox, each drained by the relay. */
export const OUTBOX_SCHEMAS = ['products', 'inventory', 'orders'] as const;
export type OutboxSchema = (typeof OUTBOX_SCHEMAS)[number];

export interface OutboxRow extends OutboxEvent {
  id: number;
  headers: Record<string, string>;
  createdAtMs: number;
}

/** Up to 500 rows or 1 MiB of a bucket, in order, locked. */
const takeRows = async (tx: Tx, schema: OutboxSchema, bucket: number): Promise<OutboxRow[]> => {
  const rows = await tx.execute<{
    id: number;
    topic: string;
    key: string;
    event_type: string;
    value: Uint8Array;
    headers: Record<string, string>;
    created_at_ms: number;
  }>(sql`
    with first as materialized (
      select * from ${sql.raw(`${schema}.outbox`)}
      where bucket = ${bucket} order by id limit ${BATCH_MAX} for update),
    sized as (
      select first.*, sum(octet_length(value)) over (order by id) - octet_length(value) as before
      from first)
    select id::float8 as id, topic, key, event_type, value, headers,
      extract(epoch from created_at)::float8 * 1000 as created_at_ms
    from sized where before < ${BATCH_BYTES_MAX} order by id`);
  return rows.map(({ event_type: eventType, created_at_ms: createdAtMs, ...row }) => ({
    ...row,
    eventType,
    createdAtMs,
  }));
};

/**
 * Sends rows of a bucket and deletes them only on success. A bucket locked by another relay is
 * skipped. Returns the number of rows sent. A crash between send and commit sends them again: at
 * least once, never lost.
 */
export const drainBucket = (
  pg: Pg,
  schema: OutboxSchema,
  bucket: number,
  send: (rows: OutboxRow[]) => Promise<void>,
): Promise<number> =>
  pg.transaction(
    `outbox.drain.${schema}`,
    async (tx) => {
      const lock = `${schema}/${bucket}`;
      const [held] = await tx.execute<{ held: boolean }>(
        sql`select pg_try_advisory_xact_lock(hashtextextended(${lock}, 0)) as held`,
      );
      if (!held?.held) return 0;
      const rows = await takeRows(tx, schema, bucket);
      if (rows.length === 0) return 0;
      await send(rows);
      // Deletes exactly the sent rows: a lower id may have committed since they were read.
      const sent = rows.map((row) => row.id).join(',');
      await tx.execute(sql`delete from ${sql.raw(`${schema}.outbox`)}
        where bucket = ${bucket} and id = any(string_to_array(${sent}, ',')::bigint[])`);
      return rows.length;
    },
    DRAIN_LIMIT_MS,
  );

/** The unsent rows of an outbox at one point in time. */
export interface OutboxState {
  /** Buckets that have rows. */
  full: number[];
  /** Everything committed before this time has been sent, in ms since 1970. */
  sentBeforeMs: number;
}

/**
 * Reads what is unsent. A bucket's first row bounds what was sent: later ids were drawn after its
 * transaction began, and invisible rows commit after this read.
 */
export const readOutboxState = (pg: Pg, schema: OutboxSchema): Promise<OutboxState> =>
  pg.query(`outbox.read.${schema}`, async (db) => {
    const table = sql.raw(`${schema}.outbox`);
    const rows = await db.execute<{ bucket: number; is_full: boolean; before_ms: number }>(sql`
      select bucket, head.id is not null as is_full,
        extract(epoch from coalesce(head.created_at, now()))::float8 * 1000 as before_ms
      from generate_series(0, ${OUTBOX_BUCKETS - 1}) as bucket left join lateral (
        select id, created_at from ${table} o where o.bucket = bucket.bucket
        order by id limit 1) as head on true`);
    return {
      full: rows.filter((row) => row.is_full).map((row) => row.bucket),
      sentBeforeMs: Math.min(...rows.map((row) => row.before_ms)),
    };
  });
