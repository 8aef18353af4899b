// The outbox table of each service's schema: events that commit with their change.
import {
  bigserial,
  customType,
  jsonb,
  primaryKey,
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { PgSchema } from 'drizzle-orm/pg-core';

export const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

export const outboxTable = <N extends string>(schema: PgSchema<N>) =>
  schema.table(
    'outbox',
    {
      id: bigserial({ mode: 'number' }).notNull(),
      bucket: smallint().notNull(),
      topic: text().notNull(),
      key: text().notNull(),
      eventType: text('event_type').notNull(),
      value: bytea().notNull(),
      headers: jsonb().$type<Record<string, string>>().notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    },
    // The only index: with a second one by id, the planner scanned all buckets for one bucket's
    // rows.
    (table) => [primaryKey({ columns: [table.bucket, table.id], name: 'outbox_pkey' })],
  );

export type OutboxTable = ReturnType<typeof outboxTable>;
