// The outbox every service's schema has: news that commits together with the change itself.
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
    // The only index: with another one by id, a bucket's rows were looked for among all buckets'.
    (table) => [primaryKey({ columns: [table.bucket, table.id], name: 'outbox_pkey' })],
  );

export type OutboxTable = ReturnType<typeof outboxTable>;
