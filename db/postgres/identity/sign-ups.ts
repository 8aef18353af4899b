// Sign-ups: the first of an address is its account; later ones wait for its mailbox beside it.
import { and, desc, eq, gt, lte, notInArray, sql } from 'drizzle-orm';
import { newId } from '../../../domain/ids.ts';
import type { Pg, Tx } from '../client.ts';
import { accounts, credentials, pendingSignUps } from '../schema/identity.ts';
import { findPassword } from './accounts.ts';
import { queueMailIn } from './mail-queue.ts';
import { endMailedTokens } from './mailed-tokens.ts';

/** Largest number of sign-ups that wait for one mailbox; a further one ends the oldest. */
const PENDING_MAX = 5;
/** Longer than a mailed token is valid, which is sent a while after the sign-up. */
const PENDING_SECONDS = 2 * 60 * 60;

const oldest = sql`now() - make_interval(secs => ${PENDING_SECONDS})`;

export interface SignUp {
  name: string;
  email: string;
  passwordHash: string;
}

/** Serialises what changes the sign-ups of an address. */
export const lockAddress = (tx: Tx, email: string) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`account/${email}`}, 0))`);

/** The account of a locked address. */
export const lockedAccount = async (tx: Tx, email: string) => {
  const [row] = await tx
    .select({ id: accounts.id, emailVerified: accounts.emailVerified })
    .from(accounts)
    .where(eq(accounts.email, email))
    .for('update');
  return row;
};

const insertAccount = async (
  tx: Tx,
  { id, emailVerified }: { id: string; emailVerified: boolean },
  { name, email, passwordHash }: SignUp,
): Promise<void> => {
  await tx.insert(accounts).values({ id, name, email, emailVerified });
  await tx.insert(credentials).values({
    id: newId('credential'),
    userId: id,
    providerId: 'credential',
    accountId: id,
    password: passwordHash,
  });
};

const insertPending = async (tx: Tx, signUp: SignUp): Promise<void> => {
  await tx.insert(pendingSignUps).values({ id: newId('account'), ...signUp });
  const isOfAddress = eq(pendingSignUps.email, signUp.email);
  const newest = tx
    .select({ id: pendingSignUps.id })
    .from(pendingSignUps)
    .where(isOfAddress)
    .orderBy(desc(pendingSignUps.createdAt), desc(pendingSignUps.id))
    .limit(PENDING_MAX);
  await tx.delete(pendingSignUps).where(and(isOfAddress, notInArray(pendingSignUps.id, newest)));
};

/**
 * Makes an account and queues the mail that confirms it. An unconfirmed account of the address
 * stays until the later sign-up is confirmed, because either may be a stranger's; the same sign-up
 * once more, `sameAs` that account, changes nothing. The owner of a confirmed account gets a mail.
 */
export const signUpAccount = (pg: Pg, signUp: SignUp, sameAs: string | undefined): Promise<void> =>
  pg.transaction('identity.signUpAccount', async (tx) => {
    const { email } = signUp;
    await lockAddress(tx, email);
    const before = await lockedAccount(tx, email);
    if (before?.emailVerified) return queueMailIn(tx, { kind: 'already_registered', email });
    if (!before) await insertAccount(tx, { id: newId('account'), emailVerified: false }, signUp);
    else if (before.id !== sameAs) await insertPending(tx, signUp);
    await queueMailIn(tx, { kind: 'verify_email', email });
  });

/** A sign-up by the id that its account has, or will have. */
export interface Unconfirmed {
  accountId: string;
  passwordHash: string;
}

/** The sign-ups that wait for this mailbox, the account first; none once one is confirmed. */
export const listUnconfirmed = async (pg: Pg, email: string): Promise<Unconfirmed[]> => {
  const account = await findPassword(pg, email);
  if (account?.emailVerified) return [];
  const { id: accountId, passwordHash, createdAt } = pendingSignUps;
  const pending = await pg.query('identity.listUnconfirmed', (db) =>
    db
      .select({ accountId, passwordHash })
      .from(pendingSignUps)
      .where(and(eq(pendingSignUps.email, email), gt(createdAt, oldest)))
      .orderBy(desc(createdAt))
      .limit(PENDING_MAX),
  );
  return account ? [account, ...pending] : pending;
};

/** Makes a pending sign-up the confirmed account of its address; false when there is none. */
export const confirmPending = async (
  tx: Tx,
  { id, email }: { id: string; email: string },
  before: { id: string } | undefined,
): Promise<boolean> => {
  const isIt = and(eq(pendingSignUps.id, id), eq(pendingSignUps.email, email));
  const [pending] = await tx.delete(pendingSignUps).where(isIt).returning();
  if (!pending) return false;
  if (before) {
    await endMailedTokens(tx, before.id);
    await tx.delete(accounts).where(eq(accounts.id, before.id));
  }
  await insertAccount(tx, { id, emailVerified: true }, pending);
  return true;
};

/** Ends the sign-ups that wait for an address, and its mailed tokens: it is confirmed. */
export const endSignUps = async (tx: Tx, email: string): Promise<void> => {
  await tx.delete(pendingSignUps).where(eq(pendingSignUps.email, email));
  await endMailedTokens(tx, email);
};

/** Deletes sign-ups that were not confirmed in time. */
export const removeOldSignUps = (pg: Pg): Promise<void> =>
  pg.query('identity.removeOldSignUps', async (db) => {
    await db.delete(pendingSignUps).where(lte(pendingSignUps.createdAt, oldest));
  });
