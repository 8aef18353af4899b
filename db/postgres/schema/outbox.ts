// The outbox every service's schema has: news that commits together with the change itself.
import {
  bigserial,
  customType,
  index,
  jsonb,
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
      id: bigserial({ mode: 'number' }).primaryKey(),
      bucket: smallint().notNull(),
      topic: text().notNull(),
      key: text().notNull(),
      eventType: text('event_type').notNull(),
      value: bytea().notNull(),
      headers: jsonb().$type<Record<string, string>>().notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [index('outbox_bucket_id_idx').on(table.bucket, table.id)],
  );

export type OutboxTable = ReturnType<typeof outboxTable>;
