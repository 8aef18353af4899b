// Accounts and their sessions, beside better-auth's own use of the same tables.
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { and, desc, eq, gt, lt, ne, notInArray, sql } from 'drizzle-orm';
import type { Db, Pg } from '../client.ts';
import { accounts, credentials, sessions, verifications } from '../schema/identity.ts';

/** Largest number of sessions of an account; a further sign-in ends the oldest one. */
export const SESSIONS_MAX = 50;

/** The tables under better-auth's names for them. */
export const authTables = (db: Db) =>
  drizzleAdapter(db, {
    provider: 'pg',
    transaction: true,
    schema: {
      user: accounts,
      account: credentials,
      session: sessions,
      verification: verifications,
    },
  });

export interface AccountFound {
  id: string;
  name: string;
  email: string;
  emailVerified: boolean;
}

const shown = {
  id: accounts.id,
  name: accounts.name,
  email: accounts.email,
  emailVerified: accounts.emailVerified,
};

export const findAccount = (pg: Pg, id: string): Promise<AccountFound | undefined> =>
  pg.query('identity.findAccount', async (db) => {
    const [row] = await db.select(shown).from(accounts).where(eq(accounts.id, id));
    return row;
  });

export const findAccountByEmail = (pg: Pg, email: string): Promise<AccountFound | undefined> =>
  pg.query('identity.findAccountByEmail', async (db) => {
    const [row] = await db.select(shown).from(accounts).where(eq(accounts.email, email));
    return row;
  });

export interface PasswordFound {
  accountId: string;
  emailVerified: boolean;
  passwordHash: string;
}

/** The account of an address with the hash of its present password. */
export const findPassword = (pg: Pg, email: string): Promise<PasswordFound | undefined> =>
  pg.query('identity.findPassword', async (db) => {
    const [row] = await db
      .select({
        accountId: accounts.id,
        emailVerified: accounts.emailVerified,
        passwordHash: credentials.password,
      })
      .from(accounts)
      .innerJoin(credentials, eq(credentials.userId, accounts.id))
      .where(eq(accounts.email, email));
    return row?.passwordHash ? { ...row, passwordHash: row.passwordHash } : undefined;
  });

/** Deletes an account with its password and sessions; its orders stay. */
export const removeAccount = (pg: Pg, accountId: string): Promise<void> =>
  pg.query('identity.removeAccount', async (db) => {
    await db.delete(accounts).where(eq(accounts.id, accountId));
  });

export interface SessionRow {
  id: string;
  createdAt: Date;
  expiresAt: Date;
  userAgent: string | null;
}

/** The account's sessions, newest first, at most 50. */
export const listSessions = (pg: Pg, accountId: string): Promise<SessionRow[]> =>
  pg.query('identity.listSessions', (db) =>
    db
      .select({
        id: sessions.id,
        createdAt: sessions.createdAt,
        expiresAt: sessions.expiresAt,
        userAgent: sessions.userAgent,
      })
      .from(sessions)
      .where(and(eq(sessions.userId, accountId), gt(sessions.expiresAt, sql`now()`)))
      .orderBy(desc(sessions.createdAt))
      .limit(SESSIONS_MAX),
  );

/** Ends one of the account's sessions; false when it has no such session. */
export const endSession = (pg: Pg, accountId: string, id: string): Promise<boolean> =>
  pg.query('identity.endSession', async (db) => {
    const ended = await db
      .delete(sessions)
      .where(and(eq(sessions.userId, accountId), eq(sessions.id, id)))
      .returning({ id: sessions.id });
    return ended.length > 0;
  });

/** Ends every session of the account except this one. */
export const endOtherSessions = (pg: Pg, accountId: string, id: string): Promise<void> =>
  pg.query('identity.endOtherSessions', async (db) => {
    await db.delete(sessions).where(and(eq(sessions.userId, accountId), ne(sessions.id, id)));
  });

/** Ends the oldest sessions above SESSIONS_MAX. */
export const endSurplusSessions = (pg: Pg, accountId: string): Promise<void> =>
  pg.query('identity.endSurplusSessions', async (db) => {
    const newest = db
      .select({ id: sessions.id })
      .from(sessions)
      .where(eq(sessions.userId, accountId))
      .orderBy(desc(sessions.createdAt))
      .limit(SESSIONS_MAX);
    await db
      .delete(sessions)
      .where(and(eq(sessions.userId, accountId), notInArray(sessions.id, newest)));
  });

/** Deletes expired sessions and mailed secrets. */
export const removeExpired = (pg: Pg): Promise<void> =>
  pg.query('identity.removeExpired', async (db) => {
    await db.delete(sessions).where(lt(sessions.expiresAt, sql`now()`));
    await db.delete(verifications).where(lt(verifications.expiresAt, sql`now()`));
  });
