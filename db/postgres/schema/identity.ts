// The tables of the identity schema: accounts, sessions, API keys, staff and queued mail.
import {
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import { STAFF_ROLES, type Scope } from '../../../domain/permissions.ts';

export const identity = pgSchema('identity');

const at = (name: string) => timestamp(name, { withTimezone: true });
const createdAt = () => at('created_at').notNull().defaultNow();
const updatedAt = () => at('updated_at').notNull().defaultNow();

export const apiKeys = identity.table(
  'api_keys',
  {
    /** Hex SHA-256 of the key's text; the text itself is never stored. */
    hash: text().primaryKey(),
    id: text().notNull().unique('api_keys_id_key'),
    storeId: text('store_id').notNull(),
    name: text().notNull(),
    scopes: jsonb().$type<Scope[]>().notNull(),
    /** Its maker: an account, an operator's key, or `holdfast` itself. */
    createdBy: text('created_by').notNull().default('holdfast'),
    createdAt: createdAt(),
    /** Revoking and rotating only ever shorten it. */
    expiresAt: at('expires_at'),
    /** Accurate to the minute. */
    lastUsedAt: at('last_used_at'),
  },
  (table) => [
    index('api_keys_store_id_idx').on(table.storeId),
    index('api_keys_expires_at_idx').on(table.expiresAt),
  ],
);

/** Shoppers and staff; better-auth calls them users. */
export const accounts = identity.table('accounts', {
  id: text().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique('accounts_email_key'),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** Later sign-ups of an unconfirmed account's address, until one of them all is confirmed. */
export const pendingSignUps = identity.table(
  'pending_sign_ups',
  {
    /** The id of its account, once it is confirmed. */
    id: text().primaryKey(),
    name: text().notNull(),
    email: text().notNull(),
    /** scrypt with its own salt. */
    passwordHash: text('password_hash').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('pending_sign_ups_email_idx').on(table.email),
    index('pending_sign_ups_created_at_idx').on(table.createdAt),
  ],
);

/** An account's sign-in methods; better-auth calls them accounts. */
export const credentials = identity.table(
  'credentials',
  {
    id: text().primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    providerId: text('provider_id').notNull(),
    accountId: text('account_id').notNull(),
    /** scrypt with its own salt. */
    password: text(),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: at('access_token_expires_at'),
    refreshTokenExpiresAt: at('refresh_token_expires_at'),
    scope: text(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('credentials_user_id_idx').on(table.userId)],
);

export const sessions = identity.table(
  'sessions',
  {
    id: text().primaryKey(),
    /** Useless without the signature that clients send with it. */
    token: text().notNull().unique('sessions_token_key'),
    userId: text('user_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    expiresAt: at('expires_at').notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('sessions_user_id_idx').on(table.userId),
    index('sessions_expires_at_idx').on(table.expiresAt),
  ],
);

/** Secrets sent by mail, until they are used or expire. */
export const verifications = identity.table(
  'verifications',
  {
    id: text().primaryKey(),
    identifier: text().notNull(),
    value: text().notNull(),
    expiresAt: at('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('verifications_identifier_idx').on(table.identifier),
    index('verifications_expires_at_idx').on(table.expiresAt),
  ],
);

export const QUEUED_MAILS = [
  'verify_email',
  'reset_password',
  'already_registered',
  'change_email',
  'address_taken',
  'address_changed',
] as const;
export type QueuedMailKind = (typeof QUEUED_MAILS)[number];

/** Mails to be sent; any gateway takes, sends and removes them. */
export const mailQueue = identity.table(
  'mail_queue',
  {
    kind: text({ enum: QUEUED_MAILS }).notNull(),
    email: text().notNull(),
    /** The new address requested by the account of `email`. */
    newEmail: text('new_email'),
    createdAt: createdAt(),
    /** Not due before then: taken by a gateway, or postponed after a failure. */
    nextAt: at('next_at').notNull().defaultNow(),
    attempts: integer().notNull().default(0),
    /** When it was sent; kept for a while to limit how often one address gets a mail. */
    sentAt: at('sent_at'),
  },
  (table) => [
    index('mail_queue_next_at_idx').on(table.nextAt),
    primaryKey({ name: 'mail_queue_pkey', columns: [table.kind, table.email] }),
  ],
);

/**
 * The staff of each store, by confirmed address, so that an invitation does not reveal whether an
 * account exists.
 */
export const staff = identity.table(
  'staff_members',
  {
    storeId: text('store_id').notNull(),
    email: text().notNull(),
    role: text({ enum: STAFF_ROLES }).notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: 'staff_members_pkey', columns: [table.storeId, table.email] }),
    index('staff_members_email_idx').on(table.email),
  ],
);

/** The operators, by confirmed address as well. */
export const operators = identity.table('house_operators', {
  email: text().primaryKey(),
  createdAt: createdAt(),
});

/** Orders whose access tokens were revoked: only the newest generation's token is valid. */
export const orderTokens = identity.table(
  'order_tokens',
  {
    orderId: text('order_id').primaryKey(),
    generation: integer().notNull(),
    /** A guest, an account or an operator. */
    revokedBy: text('revoked_by').notNull(),
    revokedAt: at('revoked_at').notNull().defaultNow(),
  },
  (table) => [index('order_tokens_revoked_at_idx').on(table.revokedAt)],
);
