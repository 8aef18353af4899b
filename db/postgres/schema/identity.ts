// Tables of the identity schema: who may call the doors.
import { jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

export const identity = pgSchema('identity');

export const apiKeys = identity.table('api_keys', {
  /** Hex SHA-256 of the key's text; the text itself is kept nowhere. */
  hash: text().primaryKey(),
  id: text().notNull().unique('api_keys_id_key'),
  storeId: text('store_id').notNull(),
  name: text().notNull(),
  scopes: jsonb().$type<string[]>().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  expiresAt: timestamp('expires_at', { withTimezone: true }),
});
